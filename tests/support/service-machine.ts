import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { tempDir } from './temp-dir.ts';

// Keeps its state in a folder, as the real one does: `enable` creates a file that `is-enabled` checks for, and so on.
export const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$HOME/calls"
case "$2" in
  enable) touch "$HOME/enabled" ;;
  disable) rm -f "$HOME/enabled" "$HOME/active" ;;
  is-enabled) test -e "$HOME/enabled" ;;
  reset-failed) [ -e "$HOME/failed" ] || exit 1; rm "$HOME/failed" ;;
  restart) [ -e "$HOME/failed" ] && exit 1; touch "$HOME/active" ;;
  is-active) test -e "$HOME/active" ;;
esac
`;
export const CRONTAB = `#!/bin/sh
if [ "$1" = -l ]; then
  [ -e "$HOME/broken" ] && { echo "cannot open the spool" >&2; exit 1; }
  [ -e "$HOME/table" ] || { echo "no crontab for somebody" >&2; exit 1; }
  cat "$HOME/table"
else
  cat > "$HOME/table"
fi
`;

// Responds like that of macOS: an agent that is not loaded cannot be unloaded, and cannot be loaded twice.
export const LAUNCHCTL = `#!/bin/sh
echo "$*" >> "$HOME/calls"
case "$1" in
  version) ;;
  bootstrap) [ -e "$HOME/loaded" ] && exit 5; grep -q ProgramArguments "$3" && touch "$HOME/loaded" ;;
  bootout) [ -e "$HOME/loaded" ] || exit 3; rm "$HOME/loaded" ;;
  print) test -e "$HOME/loaded" ;;
  *) exit 64 ;;
esac
`;
/** A separate home, and only these programs and a few of the shell on PATH. */
export async function serviceMachine(programs: Record<string, string>) {
  const dir = await tempDir();
  const bin = join(dir.path, 'bin');
  await mkdir(bin);
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(bin, name), text, { mode: 0o755 });
  }
  for (const name of ['cat', 'grep', 'rm', 'touch', 'sh']) {
    await writeFile(join(bin, name), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${name} "$@"\n`, { mode: 0o755 });
  }
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: { PATH: bin, HOME: dir.path },
    home: dir.path,
    cwd: dir.path,
    by: { channel: 'cli' },
    programs: { worker: '', rehearsal: '' },
  };
  const read = (name: string) => readFile(join(dir.path, name), 'utf8').catch(() => undefined);
  const write = async (name: string, content: string | Uint8Array) => {
    await mkdir(dirname(join(dir.path, name)), { recursive: true });
    await writeFile(join(dir.path, name), content);
  };
  return { context, read, write, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}
