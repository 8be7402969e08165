import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import { cut, escapedMarkup } from '../../../core/kernel/text.ts';
import { shownTitle } from '../notice/notification.ts';
import { NOTIFY_ERRORS, type NotifyChannel } from './channel.ts';
import { hookEnvironment } from './payload.ts';

export interface DesktopOptions {
  env: Readonly<Record<string, string | undefined>>;
}

interface ShownMessage {
  title: string;
  body: string;
  isUrgent: boolean;
}

/** The first of these that is on PATH is used. */
const PROGRAMS: ReadonlyArray<[program: string, args: (shown: ShownMessage) => string[]]> = [
  [
    'notify-send',
    // notify-send reads the body as markup.
    ({ title, body, isUrgent }) => [
      ...['--app-name=samocode', `--urgency=${isUrgent ? 'critical' : 'normal'}`, '--', title],
      escapedMarkup(body),
    ],
  ],
  // terminal-notifier shows nothing if the message begins with a bracket.
  ['terminal-notifier', ({ title, body }) => ['-group', 'samocode', '-title', title, '-message', ` ${body}`]],
  [
    'osascript',
    ({ title, body }) => [
      ...['-e', 'on run argv', '-e', 'display notification (item 2 of argv) with title (item 1 of argv)'],
      ...['-e', 'end run', title, body],
    ],
  ],
];

const TIMEOUT_MS = 10_000;
const MAX_BODY = 240;

export function desktopChannel({ env }: DesktopOptions): NotifyChannel {
  return {
    name: 'desktop',
    async send(notification, signal) {
      const { page, body } = notification;
      const shown = {
        title: shownTitle(notification),
        body: `${cut(body, MAX_BODY)}${page === undefined ? '' : `\n${page}`}`,
        isUrgent: notification.needsPerson,
      };
      for (const [program, args] of PROGRAMS) {
        const options = { env: hookEnvironment(env), timeoutMs: TIMEOUT_MS, signal };
        const { exitCode, notFound } = await runCommand(program, args(shown), options);
        signal.throwIfAborted();
        if (exitCode === 0) return;
        if (notFound) continue;
        const why = `${program} failed: perhaps no desktop session is running.`;
        throw NOTIFY_ERRORS.undelivered({ channel: 'desktop', why, retry: 'later' });
      }
      const why = `None of ${PROGRAMS.map(([program]) => program).join(', ')} is on PATH.`;
      throw NOTIFY_ERRORS.undelivered({ channel: 'desktop', why, retry: 'never' });
    },
  };
}
