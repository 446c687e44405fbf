/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Inside of a KysoQpdfReader, for qpdf-reader.cc, qpdf-table.cc and qpdf-text.cc: handles to qpdf's
 * objects, and the wall that no exception of qpdf's passes. C++.
 */

#include "agent/document/qpdf-reader.h"

#include <memory>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <string>
#include <vector>

struct _KysoQpdfReader {
    std::shared_ptr<QPDF> pdf;
    std::vector<QPDFObjectHandle> values; /* handle - 1 is the index */
    std::string fault;                    /* the first one; empty: none */
    bool is_size_wrong = false;
    GArray *table = nullptr; /* KysoQpdfEntry; NULL until it is asked for */
};

inline void
keep_fault(KysoQpdfReader *self, std::string const &fault)
{
    if (self->fault.empty())
        self->fault = fault.empty() ? "unknown fault" : fault;
}

/* Runs @read; an exception becomes the kept fault and @otherwise the result. */
template <typename T, typename F>
T
guarded(KysoQpdfReader *self, T otherwise, F read)
{
    try {
        return read();
    } catch (std::exception const &e) {
        keep_fault(self, e.what());
    } catch (...) {
        keep_fault(self, "unknown exception");
    }
    return otherwise;
}

/* The handle's object; an uninitialised handle for "none" would throw, so a null stands in. */
inline QPDFObjectHandle
object_of(KysoQpdfReader *self, KysoQpdfValue value)
{
    if (value == 0 || value > self->values.size())
        return QPDFObjectHandle::newNull();
    return self->values[value - 1];
}

inline KysoQpdfValue
handle_for(KysoQpdfReader *self, QPDFObjectHandle object)
{
    if (!object.isInitialized() || object.isNull())
        return 0;
    self->values.push_back(object);
    return static_cast<KysoQpdfValue>(self->values.size());
}

/* Of a stream: the dictionary before it. Null for what has none. */
inline QPDFObjectHandle
dictionary_of(KysoQpdfReader *self, KysoQpdfValue value)
{
    auto object = object_of(self, value);
    if (object.isStream())
        return object.getDict();
    return object.isDictionary() ? object : QPDFObjectHandle::newNull();
}

inline char *
new_text(std::string const &text)
{
    return g_strndup(text.data(), text.size());
}
