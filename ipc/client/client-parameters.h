/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parameters of a request as they grow, with the descriptors that they name; not installed, not
 * exported.
 */

#include "ipc/base/descriptor.h"
#include "ipc/client/client-private.h"
#include "ipc/wire/channel.h"

typedef struct {
    json_t *params; /* may be given away by g_steal_pointer */
    int fds[KYSO_CHANNEL_MAX_FDS];
    guint n_fds;
    gboolean has_too_many;
    KysoFdList *opened;      /* those of @fds that are ours to close */
    const char *broken;      /* name of a text that is not UTF-8 */
    gboolean reserves_twice; /* all fields, and some of them */
} KysoClientParameters;

G_GNUC_INTERNAL KysoClientParameters kyso_client_parameters_new(void);
G_GNUC_INTERNAL void kyso_client_parameters_clear(KysoClientParameters *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KysoClientParameters, kyso_client_parameters_clear)

/* NULL sets nothing. */
G_GNUC_INTERNAL void kyso_client_parameters_set_text(KysoClientParameters *self, json_t *object,
                                                     const char *name, const char *text);
G_GNUC_INTERNAL void kyso_client_parameters_set_descriptor(KysoClientParameters *self,
                                                           json_t *object, const char *name,
                                                           int fd);

/* A path is opened here: the agent may see other mounts than this program. But of a list there may
 * be more than a message can carry. An empty @file sets nothing. @code where it cannot. */
G_GNUC_INTERNAL gboolean kyso_client_parameters_set_input(KysoClientParameters *self,
                                                          json_t *object, const char *name,
                                                          const KysoFile *file, gboolean is_listed,
                                                          int code, GError **error);

/* A path goes as it is: only whoever makes the file can make it appear whole. */
G_GNUC_INTERNAL gboolean kyso_client_parameters_set_output(KysoClientParameters *self,
                                                           json_t *object, const char *name,
                                                           const KysoFile *file, GError **error);

/* FALSE where something that was set could not be said: KYSO_ERROR_WRONG_PARAMETERS,
 * KYSO_ERROR_WRONG_DESCRIPTORS. */
G_GNUC_INTERNAL gboolean kyso_client_parameters_is_whole(const KysoClientParameters *self,
                                                         GError **error);
