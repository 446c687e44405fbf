/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Writes the certificates (certificates/) and the inputs to start from (*.corpus) of fuzz-cms,
 * fuzz-revocation and fuzz-timestamp below the folder that it is given. The keys are thrown away,
 * so that nothing but these inputs was ever signed with them: that is what the harnesses hold
 * every answer against.
 */

#include <string.h>

#include <openssl/ocsp.h>

#include "agent/cms/cades-builder.h"
#include "agent/pki/timestamp.h"
#include "tests/kit/signature-maker.h"
#include "tests/kit/status-maker.h"

#define LONG_AGO (-3650) /* days */
#define FAR_AWAY 36500

static const char *folder;

static void
save(const char *subfolder, const char *name, int mode, GBytes *bytes)
{
    g_autofree char *dir = g_build_filename(folder, subfolder, NULL);
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) error = NULL;
    GString *content = g_string_new(NULL);

    if (mode >= 0)
        g_string_append_c(content, (char) mode);
    g_string_append_len(content, g_bytes_get_data(bytes, NULL), (gssize) g_bytes_get_size(bytes));
    g_mkdir_with_parents(dir, 0755);
    g_file_set_contents(path, content->str, (gssize) content->len, &error);
    g_assert_no_error(error);
    g_string_free(content, TRUE);
}

static KysoAuthority *
make(const char *file, const char *common_name, const char *key, gboolean is_ca, const char *usage,
     const KysoAuthority *issuer)
{
    const KysoAuthoritySpec spec = {
        .common_name = common_name,
        .key = key,
        .from_days = LONG_AGO,
        .to_days = FAR_AWAY,
        .is_ca = is_ca,
        .extended_key_usage = usage,
    };
    KysoAuthority *self = kyso_authority_new(&spec, issuer);

    save("certificates", file, -1, kyso_certificate_get_der(self->certificate));
    return self;
}

/* Signatures */

static GBytes *
stamp(const KysoAuthority *tsa, GBytes *digest, GBytes **ret_response)
{
    g_autoptr(KysoTimestampQuery) query = kyso_timestamp_query_new("SHA256", digest, NULL, NULL);
    g_autoptr(GBytes) response =
        kyso_status_maker_timestamp(tsa, kyso_timestamp_query_get_der(query));
    GBytes *token = kyso_status_maker_token(response);

    if (ret_response != NULL)
        *ret_response = g_steal_pointer(&response);
    return token;
}

static GBytes *
sign_and_stamp(const KysoAuthority *signer, const KysoAuthority *tsa)
{
    g_autoptr(GBytes) content = kyso_authority_digest("SHA256", KYSO_SIGNATURE_MAKER_CONTENT);
    const KysoCadesSpec spec = {
        .signer = signer->certificate,
        .algorithm = "ECDSA",
        .hash = "SHA256",
        .content_digest = content,
        .profile = KYSO_CADES_PADES,
    };
    g_autoptr(KysoCadesBuilder) builder = kyso_cades_builder_new(&spec, NULL);
    g_autoptr(GBytes) signature =
        kyso_authority_sign(signer, "ECDSA", "SHA256", kyso_cades_builder_get_digest(builder));
    g_autoptr(GBytes) plain = kyso_cades_builder_finish(builder, signature, NULL);
    g_autoptr(GBytes) digest = kyso_cades_builder_hash_signature(builder, NULL);
    g_autoptr(GBytes) token = stamp(tsa, digest, NULL);

    g_assert_nonnull(plain);
    return kyso_cades_builder_add_timestamp(builder, token, NULL);
}

static void
save_signatures(const KysoAuthority *signer, const KysoAuthority *rsa, const KysoAuthority *tsa)
{
    g_autoptr(GBytes) cades = kyso_signature_maker_sign(signer, "ECDSA", "SHA256");
    g_autoptr(GBytes) pss = kyso_signature_maker_sign(rsa, "RSA-PSS", "SHA384");
    g_autoptr(GBytes) legacy = kyso_signature_maker_sign_legacy(rsa, "SHA1", 0);
    g_autoptr(GBytes) padded = kyso_signature_maker_append(cades, "\0\0\0\0", 4);
    g_autoptr(GBytes) stamped = sign_and_stamp(signer, tsa);

    save("fuzz-cms.corpus", "cades", -1, cades);
    save("fuzz-cms.corpus", "rsa-pss", -1, pss);
    save("fuzz-cms.corpus", "legacy", -1, legacy);
    save("fuzz-cms.corpus", "padded", -1, padded);
    save("fuzz-cms.corpus", "timestamped", -1, stamped);
}

static void
save_timestamps(const KysoAuthority *tsa)
{
    static const guint8 refusal[] = {0x30, 0x0b, 0x30, 0x09, 0x02, 0x01, 0x02,
                                     0x30, 0x04, 0x0c, 0x02, 'n',  'o'};
    g_autoptr(GBytes) digest = kyso_authority_digest("SHA256", KYSO_SIGNATURE_MAKER_CONTENT);
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GBytes) token = stamp(tsa, digest, &response);
    g_autoptr(GBytes) refused = g_bytes_new_static(refusal, sizeof refusal);

    save("fuzz-timestamp.corpus", "token", 0, token);
    save("fuzz-timestamp.corpus", "answer", 1, response);
    save("fuzz-timestamp.corpus", "refused", 1, refused);
}

/* What CAs say */

static void
save_ocsp(const char *name, int mode, const KysoOcspSpec *spec)
{
    g_autoptr(GBytes) der = kyso_status_maker_ocsp(spec);

    save("fuzz-revocation.corpus", name, mode, der);
}

static void
save_crl(const char *name, int mode, const KysoCrlSpec *spec)
{
    g_autoptr(GBytes) der = kyso_status_maker_crl(spec);

    save("fuzz-revocation.corpus", name, mode, der);
}

/* @certificate of @ca is revoked in all that is signed about it. Mode bits as in fuzz-revocation.
 */
static void
save_status(const KysoAuthority *ca, const KysoAuthority *responder,
            const KysoCertificate *certificate)
{
    KysoOcspSpec ocsp = {
        .issuer = ca,
        .responder = ca,
        .certificate = certificate,
        .status = V_OCSP_CERTSTATUS_REVOKED,
        .revoked_days = LONG_AGO + 2,
        .from_days = LONG_AGO + 1,
        .to_days = FAR_AWAY,
    };
    KysoCrlSpec crl = {
        .issuer = ca,
        .signer = ca,
        .revoked = certificate,
        .revoked_days = LONG_AGO + 2,
        .from_days = LONG_AGO + 1,
        .to_days = FAR_AWAY,
    };

    save_ocsp("ocsp-revoked", 0, &ocsp);
    ocsp.responder = responder;
    save_ocsp("ocsp-by-responder", 0, &ocsp);
    ocsp.status = V_OCSP_CERTSTATUS_UNKNOWN;
    save_ocsp("ocsp-unknown", 0, &ocsp);
    save_crl("crl-revoked", 1, &crl);
    crl.scope = "onlyuser:TRUE";
    save_crl("crl-scope", 1, &crl);
}

static void
save_good_status(const KysoAuthority *ca, const KysoCertificate *certificate)
{
    const KysoOcspSpec ocsp = {
        .issuer = ca,
        .responder = ca,
        .certificate = certificate,
        .status = V_OCSP_CERTSTATUS_GOOD,
        .from_days = LONG_AGO + 1,
        .to_days = FAR_AWAY,
    };
    const KysoCrlSpec crl = {
        .issuer = ca,
        .signer = ca,
        .from_days = LONG_AGO + 1,
        .to_days = FAR_AWAY,
    };

    save_ocsp("ocsp-good", 2, &ocsp);
    save_crl("crl-empty", 3, &crl);
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        g_printerr("usage: make-seeds FOLDER\n");
        return 2;
    }
    folder = argv[1];
    g_autoptr(KysoAuthority) ca = make("ca.der", "CA thử nghiệm", NULL, TRUE, NULL, NULL);
    g_autoptr(KysoAuthority) good_ca = make("good-ca.der", "CA khác", NULL, TRUE, NULL, NULL);
    g_autoptr(KysoAuthority) signer = make("signer.der", "Nguyễn Văn Thử", NULL, FALSE, NULL, ca);
    g_autoptr(KysoAuthority) rsa =
        make("rsa-signer.der", "UBND xã Thử Nghiệm", "RSA-2048", FALSE, NULL, ca);
    g_autoptr(KysoAuthority) good_signer =
        make("good-signer.der", "Trần Thị Thử", NULL, FALSE, NULL, good_ca);
    g_autoptr(KysoAuthority) responder =
        make("responder.der", "OCSP thử nghiệm", NULL, FALSE, "OCSPSigning", ca);
    g_autoptr(KysoAuthority) tsa =
        make("tsa.der", "TSA thử nghiệm", NULL, FALSE, "critical,timeStamping", ca);

    save_signatures(signer, rsa, tsa);
    save_timestamps(tsa);
    save_status(ca, responder, signer->certificate);
    save_good_status(good_ca, good_signer->certificate);
    return 0;
}
