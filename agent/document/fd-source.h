/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * C++. A qpdf input over a descriptor: pread with a small buffer, so that a file of any size is
 * never held in memory and its path is never needed. The descriptor is borrowed.
 */

#include <qpdf/InputSource.hh>
#include <string>
#include <vector>

class FdSource : public InputSource
{
  public:
    FdSource(int fd, qpdf_offset_t size);
    ~FdSource() override = default;

    qpdf_offset_t findAndSkipNextEOL() override;
    std::string const &getName() const override;
    qpdf_offset_t tell() override;
    void seek(qpdf_offset_t offset, int whence) override;
    void rewind() override;
    size_t read(char *buffer, size_t length) override;
    void unreadCh(char ch) override;

  private:
    /* The bytes buffered from `offset` on, at least one; 0 at the end of the file. */
    size_t fill();

    int fd;
    qpdf_offset_t size;
    qpdf_offset_t offset = 0;
    std::vector<char> window;
    qpdf_offset_t window_start = 0;
    size_t window_length = 0;
    std::string name = "document";
};
