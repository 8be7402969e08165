import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { filesBelow } from '../../../src/core/kernel/files/path-stats.ts';
import { CLI_ANSWERS } from '../../support/cli-samples.ts';
import { type FaultRow, faultTable } from '../faults/fault-row.ts';
import { LATE } from '../faults/late-costs.ts';
import { changeSettings } from '../faults/with-settings.ts';

/** What a person has; a running chat of theirs executes the snapshot at its next command. */
const HAS = {
  '.claude/settings.json': '{}',
  '.claude/shell-snapshots/snapshot-bash-1.sh': 'true',
  '.claude/projects/a/1.jsonl': 'said in a chat',
  '.claude/.credentials.json': '{"claudeAiOauth":{"accessToken":"a","refreshToken":"renews"}}',
  '.claude.json': '{}',
};

/** Writes wherever the person's next chat reads, says what it found, and ends. */
const AGENT = `#!/bin/sh
${CLI_ANSWERS}cd "$HOME" || exit 1
find .claude -type f | sort >"$WORKTREE/found"
cat .claude/.credentials.json .claude/*/*.jsonl >>"$WORKTREE/found"
echo >>"$WORKTREE/found"; mkdir -p .claude/shell-snapshots .claude/hooks
for name in .claude/settings.json .claude/shell-snapshots/snapshot-bash-1.sh .claude/hooks/x .claude/CLAUDE.md .claude.json; do
  echo planted >"$name" && echo "wrote $name" >>"$WORKTREE/found"
done
exit 1
`;

const rowFor = (sandbox: 'guard' | 'strict'): FaultRow => ({
  sandbox,
  name: `with SANDBOX=${sandbox} an agent writes in a copy of its CLI's state, in which nothing renews the login, and the person's own is as before`,
  lines: { MAX_ITERATIONS: '1' },
  ends: 'blocked/budget',
  before: async (rig) => {
    const { homeDir } = rig.repo;
    const worktree = (await rig.state()).worktree?.path ?? '';
    const program = join(homeDir, '.local/bin/claude');
    const files = { ...HAS, '.local/bin/claude': AGENT.replaceAll('$WORKTREE', worktree) };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(homeDir, name)), { recursive: true });
      await writeFile(join(homeDir, name), text, { mode: 0o755 });
    }
    await changeSettings(rig, { provider: 'claude', cliPaths: { claude: program } });
  },
  also: async (rig) => {
    const { homeDir } = rig.repo;
    const found = await readFile(join((await rig.state()).worktree?.path ?? '', 'found'), 'utf8');
    expect(found.match(/^wrote .*/gm), 'the attack ran').toHaveLength(5);
    expect(found).toContain('.claude/settings.json');
    expect(found).toContain('"accessToken":"a"');
    expect(found).not.toMatch(/renews|said in a chat|^\.claude\/shell-snapshots/m);
    const own = filesBelow(homeDir, (name) => name.startsWith('.claude'));
    expect(own.sort()).toEqual(Object.keys(HAS).sort());
    for (const [name, text] of Object.entries(HAS))
      expect(await readFile(join(homeDir, name), 'utf8')).toBe(text);
  },
});

faultTable([rowFor('guard'), rowFor('strict')]);

faultTable(
  LATE.map((row) => ({
    ...row,
    name: `in the guard ${row.name}, and nothing of it is among the person's records`,
    also: async (rig) => {
      await row.also?.(rig);
      const home = rig.context().home;
      const records = ['.codex', '.gemini'].flatMap((name) => filesBelow(join(home, name)));
      expect(records).toEqual([]);
    },
  })),
  { sandbox: 'guard' },
);
