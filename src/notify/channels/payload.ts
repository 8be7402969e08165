import { definedOnly } from '../../base/defined-only.ts';
import { isNotifyVariable } from '../../providers/starting/environment.ts';
import type { Notification } from '../notification.ts';

/** What the webhook is posted and the command is given: docs/notifications.md. A change raises `v`, unless it only adds. */
export function payloadOf(notifications: readonly Notification[]): string {
  return JSON.stringify({
    v: 1,
    samocode: __VERSION__,
    notifications: notifications.map(({ sessionsDir, ...one }) => ({
      ...one,
      // A path, which NOTIFY_DETAIL=titles leaves out: nothing else of it has no body.
      ...(one.body !== '' && { sessionsDir }),
    })),
  });
}

/** The environment of a program that shows notifications: the supervisor's, without the settings of notifications. */
export function hookEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return definedOnly(env, (name) => !isNotifyVariable(name));
}
