import { definedOnly } from '../../../base/defined-only.ts';
import { isNotifyVariable } from '../../../providers/starting/environment.ts';
import type { Notification } from '../notice/notification.ts';

/** The JSON for webhook and command (docs/notifications.md). Any change other than an addition raises `v`. */
export function payloadOf(notifications: readonly Notification[]): string {
  return JSON.stringify({
    v: 1,
    samocode: __VERSION__,
    notifications: notifications.map(({ sessionsDir, ...one }) => ({
      ...one,
      // NOTIFY_DETAIL=titles leaves out paths, and it alone leaves the body empty.
      ...(one.body !== '' && { sessionsDir }),
    })),
  });
}

/** The supervisor's environment without the notification settings, for a program that shows notifications. */
export function hookEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return definedOnly(env, (name) => !isNotifyVariable(name));
}
