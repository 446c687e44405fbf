/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The methods xml.inspect and xml.enclose, as agent/document/README.md describes them. Main thread
 * only. */

#include "ipc/wire/service.h"

extern const KysoServiceMethod kyso_xml_service_methods[];
