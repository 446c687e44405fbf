/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-rewrite.h"

#include "agent/document/fd-source.h"
extern "C" {
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
}

#include <memory>
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFExc.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFWriter.hh>
#include <stdexcept>
#include <string.h>
#include <string>
#include <vector>

#define WINDOW (256 * 1024)

namespace
{

/* What qpdf writes, at the end of a descriptor. */
class FdSink : public Pipeline
{
  public:
    explicit FdSink(int sink_fd) : Pipeline("rewritten document", nullptr), fd(sink_fd)
    {
    }

    void write(unsigned char const *data, size_t length) override
    {
        if (length > static_cast<size_t>(KYSO_PDF_REWRITE_MAX_SIZE - size))
            throw std::runtime_error("what was found is too large to be written anew");
        if (!kyso_fd_write_all(fd, data, length, nullptr))
            throw std::runtime_error("cannot write");
        size += static_cast<goffset>(length);
    }

    void finish() override
    {
    }

    goffset size = 0;

  private:
    int fd;
};

} // namespace

void
kyso_pdf_rewrite_clear(KysoPdfRewritten *self)
{
    g_clear_pointer(&self->fault, g_free);
}

/* What only signatures have. The damage may have cut them off from the rest of the document, so
 * the bytes are looked at too, wherever they stand. */
static bool
has_mark(const char *data, size_t size)
{
    static const char *const marks[] = {"/ByteRange", "/adbe.pkcs7.", "/ETSI.CAdES.",
                                        "/ETSI.RFC3161", "/adbe.x509."};

    for (const char *mark : marks)
        if (memmem(data, size, mark, strlen(mark)) != nullptr)
            return true;
    return false;
}

static bool
has_mark_in_bytes(FdSource &source)
{
    static constexpr size_t OVERLAP = 16; /* longer than any mark */
    std::vector<char> window(OVERLAP + WINDOW, ' ');
    size_t n;

    source.rewind();
    while ((n = source.read(window.data() + OVERLAP, WINDOW)) > 0) {
        if (has_mark(window.data(), OVERLAP + n))
            return true;
        memmove(window.data(), window.data() + n, OVERLAP);
    }
    return false;
}

/* Certification and usage rights (ISO 32000-1 §12.8.4). */
static bool
has_permissions(QPDFObjectHandle root)
{
    auto permissions = root.getKeyIfDict("/Perms");

    return permissions.isDictionary() && (permissions.hasKey("/DocMDP") ||
                                          permissions.hasKey("/UR3") || permissions.hasKey("/UR"));
}

static bool
is_signature(QPDFObjectHandle dictionary)
{
    return dictionary.hasKey("/ByteRange") ||
           (dictionary.getKey("/FT").isNameAndEquals("/Sig") && !dictionary.getKey("/V").isNull());
}

/* In @object itself, not in those that it refers to. The parser has bounded the depth. */
static bool
has_signature(QPDFObjectHandle object)
{
    if (object.isArray()) {
        for (int i = 0; i < object.getArrayNItems(); i++) {
            auto item = object.getArrayItem(i);
            if (!item.isIndirect() && has_signature(item))
                return true;
        }
        return false;
    }
    if (object.isStream())
        object = object.getDict();
    if (!object.isDictionary())
        return false;
    if (is_signature(object))
        return true;
    for (auto &[key, value] : object.getDictAsMap())
        if (!value.isIndirect() && has_signature(value))
            return true;
    return false;
}

/* Decoded, and out of object streams: what the bytes do not show. */
static bool
has_signature_object(QPDF &pdf)
{
    for (auto &object : pdf.getAllObjects())
        if (has_signature(object))
            return true;
    return has_permissions(pdf.getRoot());
}

/* Nothing is taken from the clock or from chance: who has the damaged file can make this one. */
static void
write_anew(QPDF &pdf, FdSink &sink)
{
    QPDFWriter writer(pdf);

    writer.setOutputPipeline(&sink);
    writer.setDeterministicID(true);
    writer.setStreamDataMode(qpdf_s_preserve);
    writer.setObjectStreamMode(qpdf_o_disable);
    writer.setNewlineBeforeEndstream(true);
    writer.write();
}

static void
keep_warnings(QPDF &pdf, KysoPdfRewritten *ret)
{
    auto warnings = pdf.getWarnings();

    ret->n_faults = static_cast<guint>(warnings.size());
    if (!warnings.empty())
        ret->fault = g_utf8_make_valid(warnings[0].getMessageDetail().c_str(), -1);
}

static gboolean
refuse(GError **error, KysoErrorCode code, const char *text)
{
    g_autofree char *detail = g_utf8_make_valid(text, -1);

    g_set_error(error, KYSO_ERROR, code, "cannot write document anew: %s", detail);
    return FALSE;
}

static gboolean
rewrite(int fd, goffset size, int output, KysoPdfRewritten *ret, GError **error)
{
    auto source = std::make_shared<FdSource>(fd, size);
    if (has_mark_in_bytes(*source))
        return refuse(error, KYSO_ERROR_SIGNED_AND_DAMAGED, "it has a signature");

    auto pdf = QPDF::create();
    pdf->setSuppressWarnings(true);
    pdf->processInputSource(source);
    if (pdf->isEncrypted())
        return refuse(error, KYSO_ERROR_DOCUMENT_ENCRYPTED, "it is encrypted");
    if (has_signature_object(*pdf))
        return refuse(error, KYSO_ERROR_SIGNED_AND_DAMAGED, "it has a signature");

    FdSink sink(output);
    write_anew(*pdf, sink);
    keep_warnings(*pdf, ret);
    ret->size = sink.size;
    return TRUE;
}

gboolean
kyso_pdf_rewrite(int fd, goffset size, int output, KysoPdfRewritten *ret, GError **error)
{
    *ret = KysoPdfRewritten{};
    if (size > KYSO_PDF_REWRITE_MAX_SIZE)
        return refuse(error, KYSO_ERROR_DOCUMENT_DAMAGED, "it is too large for that");
    try {
        return rewrite(fd, size, output, ret, error);
    } catch (QPDFExc const &e) {
        bool is_locked =
            e.getErrorCode() == qpdf_e_password || e.getErrorCode() == qpdf_e_unsupported;
        return refuse(error,
                      is_locked ? KYSO_ERROR_DOCUMENT_ENCRYPTED : KYSO_ERROR_DOCUMENT_DAMAGED,
                      e.getMessageDetail().c_str());
    } catch (std::exception const &e) {
        return refuse(error, KYSO_ERROR_DOCUMENT_DAMAGED, e.what());
    }
}
