import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import { NOTIFY_ERRORS, type NotifyChannel } from './channel.ts';
import { hookEnvironment, payloadOf } from './payload.ts';

export interface CommandChannelOptions {
  command: string;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** After this time, the command's whole process group is ended. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 25_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

/** Runs the person's command in the home folder, with the notification on its standard input. */
export function commandChannel({
  command,
  env,
  home,
  timeoutMs = TIMEOUT_MS,
}: CommandChannelOptions): NotifyChannel {
  return {
    name: 'command',
    async send(notification, signal) {
      const { exitCode, timedOut } = await runCommand('/bin/sh', ['-c', command], {
        cwd: home,
        env: hookEnvironment(env),
        input: `${payloadOf(notification)}\n`,
        timeoutMs,
        signal,
        maxBytes: MAX_OUTPUT_BYTES,
      });
      signal.throwIfAborted();
      if (exitCode === 0) return;
      const why = timedOut
        ? `The command was still running after ${timeoutMs / 1000} s and was ended.`
        : exitCode === null
          ? 'The command was ended by a signal.'
          : `The command ended with status ${exitCode}.`;
      throw NOTIFY_ERRORS.undelivered({ channel: 'command', why, retry: 'later' });
    },
  };
}
