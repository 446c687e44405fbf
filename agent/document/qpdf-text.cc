/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Objects as PDF text. Not by qpdf's own unparse alone: 11.3 writes the "#" of a name unescaped, so
 * that "/a#23" would become a name that no reader takes. */

#include "agent/document/qpdf-values.h"

#include <string.h>

static void
put_name(std::string &text, std::string const &name)
{
    static const char digits[] = "0123456789abcdef";

    text += '/';
    for (size_t i = 1; i < name.size(); i++) {
        auto c = static_cast<unsigned char>(name[i]);
        if (c > ' ' && c < 0x7f && strchr("#()<>[]{}/%", c) == nullptr) {
            text += name[i];
            continue;
        }
        text += '#';
        text += digits[c >> 4];
        text += digits[c & 15];
    }
}

static void put_value(std::string &text, QPDFObjectHandle object);

/* What @object is, even where it was reached through a reference. */
static void
put_resolved(std::string &text, QPDFObjectHandle object)
{
    if (object.isName()) {
        put_name(text, object.getName());
    } else if (object.isArray()) {
        text += "[ ";
        for (int i = 0; i < object.getArrayNItems(); i++) {
            put_value(text, object.getArrayItem(i));
            text += ' ';
        }
        text += ']';
    } else if (object.isDictionary()) {
        text += "<< ";
        for (auto &[key, value] : object.getDictAsMap()) {
            put_name(text, key);
            text += ' ';
            put_value(text, value);
            text += ' ';
        }
        text += ">>";
    } else {
        text += object.unparseResolved();
    }
}

/* The parser, which bounds nesting, made what is nested here. */
static void
put_value(std::string &text, QPDFObjectHandle object)
{
    if (object.isIndirect())
        text += object.unparse();
    else
        put_resolved(text, object);
}

char *
kyso_qpdf_reader_unparse(KysoQpdfReader *self, KysoQpdfValue value)
{
    std::string text;

    guarded(self, 0, [&] {
        put_value(text, object_of(self, value));
        return 0;
    });
    return text.empty() ? g_strdup("null") : new_text(text);
}

char *
kyso_qpdf_reader_unparse_resolved(KysoQpdfReader *self, KysoQpdfValue value)
{
    std::string text;

    guarded(self, 0, [&] {
        put_resolved(text, object_of(self, value));
        return 0;
    });
    return text.empty() ? g_strdup("null") : new_text(text);
}

char *
kyso_qpdf_reader_unparse_items(KysoQpdfReader *self, KysoQpdfValue array)
{
    std::string text;

    guarded(self, 0, [&] {
        auto object = object_of(self, array);
        int n = object.isArray() ? object.getArrayNItems() : 0;
        for (int i = 0; i < n; i++) {
            put_value(text, object.getArrayItem(i));
            text += ' ';
        }
        return 0;
    });
    return new_text(text);
}

char *
kyso_qpdf_reader_unparse_entries(KysoQpdfReader *self, KysoQpdfValue dictionary,
                                 const char *const *skip)
{
    std::string text;

    guarded(self, 0, [&] {
        auto object = dictionary_of(self, dictionary);
        if (!object.isDictionary())
            return 0;
        for (auto &[key, value] : object.getDictAsMap()) {
            if (g_strv_contains(skip, key.c_str()))
                continue;
            put_name(text, key);
            text += ' ';
            put_value(text, value);
            text += ' ';
        }
        return 0;
    });
    return new_text(text);
}

char *
kyso_qpdf_reader_escape_name(const char *name)
{
    std::string text;

    put_name(text, name);
    return new_text(text);
}
