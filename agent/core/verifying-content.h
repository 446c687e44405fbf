/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The end of signatures.verify where the caller wants what the signature carries: taken out, handed
 * over, and the answer with it. Main thread only.
 */

#include "agent/core/agent.h"
#include "agent/core/document-report.h"
#include "agent/core/job.h"
#include "agent/core/private-copy.h"
#include "ipc/base/descriptor.h"

typedef struct {
    KysoFd fd;  /* -1 where path is set */
    char *path; /* absolute; NULL and no fd: it is not wanted */
} KysoContentOutput;
void kyso_content_output_clear(KysoContentOutput *self);

/* Reads the parameter `content` of @job. KYSO_ERROR_WRONG_PARAMETERS,
 * KYSO_ERROR_OUTPUT_NOT_WRITABLE. */
gboolean kyso_content_output_read(KysoContentOutput *self, KysoJob *job, GError **error);

/* Answers @job with @report on @copy, both taken, as is @output (cleared). What is not intact, or
 * carries nothing, leaves the output as it was. */
void kyso_verifying_content_finish(KysoAgent *agent, KysoJob *job, KysoDocumentReport *report,
                                   KysoPrivateCopy *copy, KysoContentOutput *output);
