/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/fd-source.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <errno.h>
#include <stdexcept>
#include <unistd.h>

/* Large enough that an xref table of half a million lines costs few system calls. */
static constexpr size_t WINDOW_SIZE = 64 * 1024;

FdSource::FdSource(int source_fd, qpdf_offset_t source_size)
    : fd(source_fd), size(source_size), window(WINDOW_SIZE)
{
}

size_t
FdSource::fill()
{
    if (offset >= size)
        return 0;

    qpdf_offset_t skip = offset - window_start;
    if (skip >= 0 && static_cast<size_t>(skip) < window_length)
        return window_length - static_cast<size_t>(skip);

    /* What stands behind the end is another revision's, or somebody's who makes the file longer. */
    size_t wanted =
        static_cast<size_t>(std::min(static_cast<qpdf_offset_t>(window.size()), size - offset));
    ssize_t n;
    do {
        n = pread(fd, window.data(), wanted, offset);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        throw std::runtime_error(std::string("cannot read document: ") + strerror(errno));
    window_start = offset;
    window_length = static_cast<size_t>(n);
    return window_length;
}

size_t
FdSource::read(char *buffer, size_t length)
{
    size_t done = 0;

    last_offset = std::min(offset, size);
    while (done < length) {
        size_t available = fill();
        if (available == 0)
            break;
        size_t n = std::min(available, length - done);
        memcpy(buffer + done, window.data() + (offset - window_start), n);
        offset += static_cast<qpdf_offset_t>(n);
        done += n;
    }
    return done;
}

/* As qpdf's own sources do: the position of the line's end, with the next line's start current. */
qpdf_offset_t
FdSource::findAndSkipNextEOL()
{
    qpdf_offset_t end_of_line = -1;

    for (size_t available = fill(); available > 0; available = fill()) {
        const char *start = window.data() + (offset - window_start);
        const char *end = start + available;
        const char *p = start;
        if (end_of_line < 0) {
            p = std::find_if(p, end, [](char c) { return c == '\r' || c == '\n'; });
            if (p < end)
                end_of_line = offset + (p - start);
        }
        if (end_of_line >= 0)
            p = std::find_if(p, end, [](char c) { return c != '\r' && c != '\n'; });
        offset += p - start;
        if (end_of_line >= 0 && p < end)
            break;
    }
    return end_of_line < 0 ? std::min(offset, size) : end_of_line;
}

std::string const &
FdSource::getName() const
{
    return name;
}

qpdf_offset_t
FdSource::tell()
{
    return offset;
}

void
FdSource::seek(qpdf_offset_t to, int whence)
{
    qpdf_offset_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? offset : size;
    qpdf_offset_t target;

    if (__builtin_add_overflow(base, to, &target) || target < 0)
        throw std::runtime_error("seek before the beginning of the document");
    offset = target;
}

void
FdSource::rewind()
{
    offset = 0;
}

void
FdSource::unreadCh(char)
{
    if (offset > 0)
        --offset;
}
