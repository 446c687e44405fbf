/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/qpdf-values.h"

#include "agent/document/fd-source.h"
extern "C" {
#include "agent/document/document-password.h"
#include "ipc/base/error.h"
}

#include <memory>
#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFExc.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QUtil.hh>
#include <string.h>
#include <string>
#include <vector>

/* What other writers get wrong without harm (@signpdf writes the second). */
static bool
is_harmless(KysoQpdfReader *self, std::string const &warning)
{
    static const std::string wrong_size = "reported number of objects (";

    if (warning.compare(0, wrong_size.size(), wrong_size) == 0) {
        self->is_size_wrong = true;
        return true;
    }
    return warning == "extraneous whitespace seen before xref";
}

static void
collect_warnings(KysoQpdfReader *self)
{
    if (!self->pdf->anyWarnings())
        return;
    for (auto const &warning : self->pdf->getWarnings())
        if (!is_harmless(self, warning.getMessageDetail()))
            keep_fault(self, warning.getMessageDetail());
}

/* qpdf_e_unsupported: for certificates, or by a cipher of some program's own. */
static void
set_open_error(GError **error, QPDFExc const &e)
{
    bool is_locked = e.getErrorCode() == qpdf_e_password;
    g_autofree char *detail = g_utf8_make_valid(e.getMessageDetail().c_str(), -1);
    g_set_error(error, KYSO_ERROR,
                is_locked && kyso_document_password_get() != nullptr ? KYSO_ERROR_PASSWORD_WRONG
                : is_locked                                          ? KYSO_ERROR_PASSWORD_NEEDED
                : e.getErrorCode() == qpdf_e_unsupported             ? KYSO_ERROR_DOCUMENT_ENCRYPTED
                                                                     : KYSO_ERROR_DOCUMENT_DAMAGED,
                "cannot read document: %s", detail);
}

class Passwords : public std::vector<std::string>
{
  public:
    ~Passwords()
    {
        for (auto &password : *this)
            explicit_bzero(password.data(), password.size());
    }
};

/* Passwords as other programs may have written them: as they are, composed, or in the letters of
 * before ISO 32000-2. None given: the empty one, which many documents have. */
static Passwords
list_passwords()
{
    const char *typed = kyso_document_password_get();
    const char *composed = kyso_document_password_get_composed();
    Passwords passwords;

    if (typed == nullptr)
        passwords.push_back("");
    for (const char *password : {typed, composed})
        if (password != nullptr)
            for (auto const &form : QUtil::possible_repaired_encodings(password))
                passwords.push_back(form);
    return passwords;
}

static void
open_with(KysoQpdfReader *self, int fd, goffset size, std::string const &password)
{
    self->pdf = QPDF::create();
    self->pdf->setSuppressWarnings(true);
    self->pdf->setAttemptRecovery(false);
    self->pdf->processInputSource(std::make_shared<FdSource>(fd, size), password.c_str());
}

static void
try_passwords(KysoQpdfReader *self, int fd, goffset size)
{
    auto passwords = list_passwords();

    for (size_t i = 0; i < passwords.size(); i++) {
        try {
            open_with(self, fd, size, passwords[i]);
            return;
        } catch (QPDFExc const &e) {
            if (e.getErrorCode() != qpdf_e_password || i + 1 == passwords.size())
                throw;
        }
    }
}

/* An /Encrypt that leads nowhere says nothing, until an object of ours gets its number: then what
 * we wrote would be the document's encryption. */
static bool
has_loose_encryption(KysoQpdfReader *self)
{
    auto entries = self->pdf->getTrailer().getDictAsMap();
    auto entry = entries.find("/Encrypt");

    return entry != entries.end() && entry->second.isIndirect() && !self->pdf->isEncrypted();
}

static bool
open_source(KysoQpdfReader *self, int fd, goffset size, GError **error)
{
    try {
        try_passwords(self, fd, size);
        if (!has_loose_encryption(self))
            return true;
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                            "cannot read document: its encryption is not there");
    } catch (QPDFExc const &e) {
        set_open_error(error, e);
    } catch (std::exception const &e) {
        g_autofree char *detail = g_utf8_make_valid(e.what(), -1);
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED, "cannot read document: %s",
                    detail);
    }
    return false;
}

KysoQpdfReader *
kyso_qpdf_reader_open(int fd, goffset size, GError **error)
{
    KysoQpdfReader *self = new _KysoQpdfReader;

    if (open_source(self, fd, size, error) && kyso_qpdf_reader_check(self, error))
        return self;
    kyso_qpdf_reader_free(self);
    return nullptr;
}

void
kyso_qpdf_reader_free(KysoQpdfReader *self)
{
    if (self != nullptr)
        g_clear_pointer(&self->table, g_array_unref);
    delete self;
}

gboolean
kyso_qpdf_reader_check(KysoQpdfReader *self, GError **error)
{
    guarded(self, 0, [&] {
        collect_warnings(self);
        return 0;
    });
    if (self->fault.empty())
        return TRUE;
    g_autofree char *detail = g_utf8_make_valid(self->fault.c_str(), -1);
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED, "document is damaged: %s", detail);
    return FALSE;
}

char *
kyso_qpdf_reader_version(KysoQpdfReader *self)
{
    return guarded<char *>(self, nullptr, [&] { return new_text(self->pdf->getPDFVersion()); });
}

/* The copy of the whole table that qpdf hands out is made only where /Size is known to be wrong. */
gint64
kyso_qpdf_reader_highest_object(KysoQpdfReader *self)
{
    return guarded<gint64>(self, 0, [&] {
        gint64 size = 0;
        int highest = 0;

        kyso_qpdf_reader_as_int(
            self, kyso_qpdf_reader_get(self, kyso_qpdf_reader_trailer(self), "/Size"), &size);
        if (self->is_size_wrong) {
            auto table = self->pdf->getXRefTable();
            highest = table.empty() ? 0 : table.rbegin()->first.getObj();
        }
        return std::max<gint64>(size - 1, highest);
    });
}

KysoQpdfValue
kyso_qpdf_reader_trailer(KysoQpdfReader *self)
{
    return guarded<KysoQpdfValue>(self, 0,
                                  [&] { return handle_for(self, self->pdf->getTrailer()); });
}

KysoQpdfValue
kyso_qpdf_reader_root(KysoQpdfReader *self)
{
    return guarded<KysoQpdfValue>(self, 0, [&] { return handle_for(self, self->pdf->getRoot()); });
}

KysoQpdfType
kyso_qpdf_reader_type(KysoQpdfReader *self, KysoQpdfValue value)
{
    return guarded<KysoQpdfType>(self, KYSO_QPDF_NONE, [&] {
        auto object = object_of(self, value);
        return object.isDictionary() ? KYSO_QPDF_DICTIONARY
               : object.isArray()    ? KYSO_QPDF_ARRAY
               : object.isNumber()   ? KYSO_QPDF_NUMBER
               : object.isName()     ? KYSO_QPDF_NAME
               : object.isString()   ? KYSO_QPDF_STRING
               : object.isStream()   ? KYSO_QPDF_STREAM
               : object.isBool()     ? KYSO_QPDF_BOOLEAN
                                     : KYSO_QPDF_NONE;
    });
}

KysoQpdfValue
kyso_qpdf_reader_get(KysoQpdfReader *self, KysoQpdfValue dictionary, const char *key)
{
    return guarded<KysoQpdfValue>(self, 0, [&] {
        return handle_for(self, dictionary_of(self, dictionary).getKeyIfDict(key));
    });
}

GStrv
kyso_qpdf_reader_keys(KysoQpdfReader *self, KysoQpdfValue dictionary)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);

    guarded(self, 0, [&] {
        auto object = dictionary_of(self, dictionary);
        if (object.isDictionary())
            for (auto const &key : object.getKeys())
                g_ptr_array_add(keys, new_text(key));
        return 0;
    });
    g_ptr_array_add(keys, nullptr);
    return reinterpret_cast<GStrv>(g_ptr_array_free(g_steal_pointer(&keys), FALSE));
}

guint
kyso_qpdf_reader_n_items(KysoQpdfReader *self, KysoQpdfValue array)
{
    return guarded<guint>(self, 0, [&]() -> guint {
        auto object = object_of(self, array);
        return object.isArray() ? static_cast<guint>(object.getArrayNItems()) : 0;
    });
}

KysoQpdfValue
kyso_qpdf_reader_item(KysoQpdfReader *self, KysoQpdfValue array, guint index)
{
    return guarded<KysoQpdfValue>(self, 0, [&]() -> KysoQpdfValue {
        auto object = object_of(self, array);
        if (!object.isArray() || index >= static_cast<guint>(object.getArrayNItems()))
            return 0;
        return handle_for(self, object.getArrayItem(static_cast<int>(index)));
    });
}

int
kyso_qpdf_reader_index_of(KysoQpdfReader *self, KysoQpdfValue array, int id, int generation)
{
    return guarded<int>(self, -1, [&] {
        auto object = object_of(self, array);
        int n = object.isArray() ? object.getArrayNItems() : 0;
        QPDFObjGen wanted(id, generation);
        for (int i = 0; i < n; i++)
            if (object.getArrayItem(i).getObjGen() == wanted)
                return i;
        return -1;
    });
}

gboolean
kyso_qpdf_reader_as_int(KysoQpdfReader *self, KysoQpdfValue value, gint64 *ret)
{
    return guarded<gboolean>(self, FALSE, [&]() -> gboolean {
        long long number = 0;
        if (!object_of(self, value).getValueAsInt(number))
            return FALSE;
        *ret = number;
        return TRUE;
    });
}

gboolean
kyso_qpdf_reader_as_number(KysoQpdfReader *self, KysoQpdfValue value, double *ret)
{
    return guarded<gboolean>(
        self, FALSE, [&] { return object_of(self, value).getValueAsNumber(*ret) ? TRUE : FALSE; });
}

gboolean
kyso_qpdf_reader_is_name(KysoQpdfReader *self, KysoQpdfValue value, const char *name)
{
    return guarded<gboolean>(
        self, FALSE, [&] { return object_of(self, value).isNameAndEquals(name) ? TRUE : FALSE; });
}

char *
kyso_qpdf_reader_name(KysoQpdfReader *self, KysoQpdfValue value)
{
    return guarded<char *>(self, nullptr, [&]() -> char * {
        std::string name;
        if (!object_of(self, value).getValueAsName(name))
            return nullptr;
        return g_utf8_make_valid(name.c_str(), -1);
    });
}

char *
kyso_qpdf_reader_text(KysoQpdfReader *self, KysoQpdfValue value)
{
    return guarded<char *>(self, nullptr, [&]() -> char * {
        std::string text;
        if (!object_of(self, value).getValueAsUTF8(text))
            return nullptr;
        return g_utf8_make_valid(text.c_str(), -1);
    });
}

gboolean
kyso_qpdf_reader_reference(KysoQpdfReader *self, KysoQpdfValue value, int *ret_id,
                           int *ret_generation)
{
    return guarded<gboolean>(self, FALSE, [&]() -> gboolean {
        auto object = object_of(self, value);
        if (!object.isIndirect())
            return FALSE;
        *ret_id = object.getObjGen().getObj();
        *ret_generation = object.getObjGen().getGen();
        return TRUE;
    });
}

GBytes *
kyso_qpdf_reader_stream(KysoQpdfReader *self, KysoQpdfValue stream)
{
    return guarded<GBytes *>(self, nullptr, [&]() -> GBytes * {
        auto object = object_of(self, stream);
        if (!object.isStream())
            return nullptr;
        auto buffer = object.getRawStreamData();
        return g_bytes_new(buffer->getBuffer(), buffer->getSize());
    });
}

GBytes *
kyso_qpdf_reader_stream_data(KysoQpdfReader *self, KysoQpdfValue stream)
{
    return guarded<GBytes *>(self, nullptr, [&]() -> GBytes * {
        auto object = object_of(self, stream);
        if (!object.isStream())
            return nullptr;
        auto buffer = object.getStreamData(qpdf_dl_generalized);
        return g_bytes_new(buffer->getBuffer(), buffer->getSize());
    });
}

GBytes *
kyso_qpdf_reader_stream_decoded(KysoQpdfReader *self, KysoQpdfValue stream)
{
    return guarded<GBytes *>(self, nullptr, [&]() -> GBytes * {
        auto object = object_of(self, stream);
        if (!object.isStream())
            return nullptr;
        auto buffer = object.getStreamData(qpdf_dl_generalized);
        return g_bytes_new(buffer->getBuffer(), buffer->getSize());
    });
}
