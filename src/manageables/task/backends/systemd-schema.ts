/** What `[task.backend]` may hold for systemd. Loaded by `load` alone. */
import * as v from 'valibot'

/** The keys of `[task.backend]` for systemd. */
export const SYSTEMD_ENTRIES = {
  manager: v.pipe(
    v.optional(v.picklist(['user', 'system'], 'must be "user" or "system"'), 'user'),
    v.description("Whose manager runs the service: the user's, or the system's, which root may ask."),
  ),
}
