import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { isNotifyVariable } from '../../../core/sandbox/programs/environment.ts';
import type { Notification } from '../notice/notification.ts';

/** JSON for webhooks and commands (docs/notifications.md). Any change except an added field raises `v`. */
export function payloadOf({ sessionsDir, offers: _, ...one }: Notification): string {
  // Only NOTIFY_DETAIL=titles leaves the body empty, and it leaves out paths too.
  const notification = one.body === '' ? one : { ...one, sessionsDir };
  return JSON.stringify({ v: 1, samocode: __VERSION__, notifications: [notification] });
}

/** The supervisor's environment without the notification settings, for a program that shows notifications. */
export function hookEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return definedOnly(env, (name) => !isNotifyVariable(name));
}
