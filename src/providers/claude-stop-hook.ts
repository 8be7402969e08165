import { join } from 'node:path';

/**
 * Claude Code's `hooks` setting that sends a child back once when it wants to end its turn without having
 * written `_signal.json`. Once only: a child that cannot write it must be able to end.
 */
export function stopHooks(sessionDir: string) {
  const command = ['/bin/sh', '-c', ASK_FOR_SIGNAL, 'samocode-stop-hook', join(sessionDir, '_signal.json')];
  return { Stop: [{ hooks: [{ type: 'command', command: command.map(quoted).join(' '), timeout: 10 }] }] };
}

// Exit status 2 hands stderr to the model as the reason to go on. The blank that we leave is `{}`.
const ASK_FOR_SIGNAL = `case $(tr -d '[:space:]') in *'"stop_hook_active":true'*) exit 0;; esac
case $(tr -d '[:space:]' 2>/dev/null <"$1") in ''|'{}') ;; *) exit 0;; esac
printf 'Before you end: %s is not written yet. Write it now, as your instructions say.\\n' "$1" >&2
exit 2`;

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
