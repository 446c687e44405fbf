/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/certificate-policies.h"

#include <openssl/x509v3.h>

#include "agent/pki/openssl.h"

#define MAX_POLICIES 16
#define MAX_CPS 4
#define MAX_OID 128 /* characters */

static void
policy_free(gpointer data)
{
    KysoCertificatePolicy *policy = data;

    g_free(policy->oid);
    g_ptr_array_unref(policy->cps);
    g_free(policy);
}

/* An IA5String of printable ASCII, or nothing. */
static void
add_cps(GPtrArray *cps, const ASN1_IA5STRING *uri)
{
    const guint8 *text = ASN1_STRING_get0_data(uri);
    gsize size = (gsize) ASN1_STRING_length(uri);

    for (gsize i = 0; i < size; i++)
        if (!g_ascii_isgraph(text[i]))
            return;
    if (size > 0 && cps->len < MAX_CPS)
        g_ptr_array_add(cps, g_strndup((const char *) text, size));
}

static KysoCertificatePolicy *
read_policy(const POLICYINFO *info)
{
    KysoCertificatePolicy *policy = g_new0(KysoCertificatePolicy, 1);
    char oid[MAX_OID] = "";

    OBJ_obj2txt(oid, sizeof oid, info->policyid, 1);
    policy->oid = g_strdup(oid);
    policy->cps = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < sk_POLICYQUALINFO_num(info->qualifiers); i++) {
        const POLICYQUALINFO *qualifier = sk_POLICYQUALINFO_value(info->qualifiers, i);
        if (OBJ_obj2nid(qualifier->pqualid) == NID_id_qt_cps)
            add_cps(policy->cps, qualifier->d.cpsuri);
    }
    return policy;
}

GPtrArray *
kyso_certificate_policies_read(const KysoCertificate *certificate)
{
    GPtrArray *policies = g_ptr_array_new_with_free_func(policy_free);
    CERTIFICATEPOLICIES *found = X509_get_ext_d2i(kyso_certificate_get_x509(certificate),
                                                  NID_certificate_policies, NULL, NULL);

    for (int i = 0; i < MIN(sk_POLICYINFO_num(found), MAX_POLICIES); i++)
        g_ptr_array_add(policies, read_policy(sk_POLICYINFO_value(found, i)));
    CERTIFICATEPOLICIES_free(found);
    return policies;
}
