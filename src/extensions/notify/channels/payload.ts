import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { isNotifyVariable } from '../../../core/sandbox/programs/environment.ts';
import type { Notification } from '../notice/notification.ts';

/** JSON for webhooks and commands (docs/notifications.md). Any change except an added field raises `v`. */
export function payloadOf(notifications: readonly Notification[]): string {
  return JSON.stringify({
    v: 1,
    samocode: __VERSION__,
    notifications: notifications.map(({ sessionsDir, ...one }) => ({
      ...one,
      // Only NOTIFY_DETAIL=titles leaves the body empty, and it leaves out paths too.
      ...(one.body !== '' && { sessionsDir }),
    })),
  });
}

/** The supervisor's environment without the notification settings, for a program that shows notifications. */
export function hookEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return definedOnly(env, (name) => !isNotifyVariable(name));
}
