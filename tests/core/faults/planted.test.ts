import { copyFile, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventsOfType, noticesOf } from '../../support/events-of.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';

/** Leaves a trace in the home folder when started by anything but an agent, which carries the session's marker. */
const STEPS = '[ -n "$SAMOCODE_SESSION" ] || touch "$HOME/stepped-on-$$"';
/** The same as a program; the agent that plants it writes it first. */
const TRAP = '$HOME/trap';
const WRITES_TRAP = `printf '%s\\n' '#!/bin/sh' '${STEPS}' cat > "${TRAP}"; chmod 755 "${TRAP}"`;

const untrodden = async (rig: SessionRig) => {
  const names = await readdir(rig.repo.homeDir);
  expect(names.filter((name) => name.startsWith('stepped-on'))).toEqual([]);
};

async function timesRejoined(rig: SessionRig): Promise<number> {
  return (await noticesOf(rig, 'worktree_rejoined')).length;
}

/** The first agent plants; the worker's own later git calls must not run it. */
function planted(name: string, script: string, ends: string, also?: FaultRow['also']): FaultRow {
  return {
    name: `${name}: none of it is started`,
    module: `export default { about: 'plants', paceMs: 0, rules: [
      { when: { iteration: 1 }, do: [
        { act: 'run', command: ['sh', '-c', ${JSON.stringify(`${KEEPS}; ${WRITES_TRAP}; ${script}`)}] },
        { act: 'signal-file', text: '{"status":"continue","phase":"investigation"}' },
        { act: 'result', json: {} },
      ] },
    ] };`,
    ends,
    also: async (rig) => {
      await untrodden(rig);
      await also?.(rig);
      // The next git on the main checkout is unguarded.
      const gitDir = join(rig.repo.path, '.git');
      await copyFile(join(rig.repo.homeDir, 'config.before'), join(gitDir, 'config'));
      for (const name of ['info/attributes', 'config.worktree', 'hooks']) {
        await rm(join(gitDir, name), { recursive: true, force: true });
      }
    },
  };
}

const KEEPS = 'cp "$(git rev-parse --git-common-dir)/config" "$HOME/config.before"';

const BLOCKED = 'blocked/git_programs_changed';

const set = (key: string, value = TRAP) => `git config ${key} ${JSON.stringify(value)}`;
const ATTRIBUTES = 'echo "* filter=evil diff=evil" > "$(git rev-parse --git-common-dir)/info/attributes"';

const byChildren: FaultRow[] = [
  {
    name: 'a pipe in place of .git: the worker does not wait for it, and fixes it once',
    rules: [
      {
        when: { iteration: 1 },
        do: [
          { act: 'run', command: ['sh', '-c', 'rm .git; mkfifo .git'] },
          { act: 'signal-file', text: '{"status":"continue","phase":"investigation"}' },
          { act: 'result', json: {} },
        ],
      },
    ],
    ends: AT_THE_GATE,
    also: async (rig) => {
      expect(await timesRejoined(rig)).toBe(1);
      const path = (await rig.state()).worktree?.path ?? '';
      expect((await lstat(join(path, '.git'))).isFile()).toBe(true);
    },
  },
  {
    ci: true,
    name: 'a .git that leads to MAIN_REPO: it is fixed, and no git call of samocode moves the main checkout',
    rules: [
      {
        when: { iteration: 1 },
        do: [
          {
            act: 'run',
            command: ['sh', '-c', 'main="$(git rev-parse --git-common-dir)"; echo "gitdir: $main" > .git'],
          },
          { act: 'signal-file', text: '{"status":"continue","phase":"investigation"}' },
          { act: 'result', json: {} },
        ],
      },
    ],
    ends: AT_THE_GATE,
    also: async (rig) => {
      expect(await timesRejoined(rig)).toBe(1);
      const { path = '', branch } = (await rig.state()).worktree ?? {};
      expect(await rig.repo.git(['symbolic-ref', '--short', 'HEAD'], path)).toBe(branch);
      expect(await rig.repo.git(['symbolic-ref', '--short', 'HEAD'])).toBe('main');
    },
  },
  planted(
    'a filter for every file',
    `${set('filter.evil.clean')}; ${set('filter.evil.process')}; ${ATTRIBUTES}`,
    BLOCKED,
  ),
  planted(
    'a monitor, a pager and an editor',
    ['core.fsmonitor', 'core.pager', 'core.editor'].map((key) => set(key)).join('; '),
    AT_THE_GATE,
  ),
  planted(
    'hooks of all kinds',
    'h="$(git rev-parse --git-common-dir)/hooks"; mkdir -p "$h"; for n in post-checkout post-index-change reference-transaction pre-commit post-commit; do cp "$HOME/trap" "$h/$n"; done',
    AT_THE_GATE,
  ),
  planted(
    'an included file',
    `git config --file "$HOME/included" filter.evil.clean "${TRAP}"; ${set('include.path', '$HOME/included')}; ${ATTRIBUTES}`,
    BLOCKED,
  ),
  planted(
    'settings of one worktree',
    `git config extensions.worktreeConfig true; git config --worktree filter.evil.clean "${TRAP}"; ${ATTRIBUTES}`,
    BLOCKED,
  ),
  planted(
    'a nested repository with its own settings',
    `git init -q inner && cd inner && echo a > a && git add a && git -c user.name=x -c user.email=x@example.invalid commit -q -m inner && ${set('filter.evil.clean')}; ${set('core.fsmonitor')}; echo "* filter=evil" > .gitattributes; echo b > a; cd ..; git add inner`,
    AT_THE_GATE,
    async (rig) => {
      expect(JSON.stringify(await eventsOfType(rig, 'notice'))).toContain('inner/');
    },
  ),
  planted(
    'git variables in files that settings are read from',
    'mkdir -p "$HOME/.config/samocode"; for f in "$HOME/.config/samocode/.env" .env; do printf "GIT_DIR=/nowhere\\nGIT_INDEX_FILE=/nowhere\\nGIT_CONFIG_COUNT=1\\nGIT_CONFIG_KEY_0=core.fsmonitor\\nGIT_CONFIG_VALUE_0=touch $HOME/stepped-on-variable\\n" > "$f"; done',
    AT_THE_GATE,
  ),
];

const POINTERS = {
  GIT_DIR: '/nowhere/.git',
  GIT_WORK_TREE: '/nowhere',
  GIT_INDEX_FILE: '/nowhere/index',
  GIT_OBJECT_DIRECTORY: '/nowhere/objects',
  GIT_ALTERNATE_OBJECT_DIRECTORIES: '/nowhere/objects',
  GIT_COMMON_DIR: '/nowhere/.git',
  GIT_NAMESPACE: 'elsewhere',
  GIT_CEILING_DIRECTORIES: '/',
  GIT_EXTERNAL_DIFF: STEPS,
  GIT_EDITOR: STEPS,
  GIT_PAGER: STEPS,
  GIT_PROXY_COMMAND: STEPS,
  GIT_TEMPLATE_DIR: '/nowhere',
};

const byEnvironment: FaultRow[] = [
  {
    name: "a worker that is started with another repository's variables works in its own repository",
    env: POINTERS,
    ends: AT_THE_GATE,
    sameFiles: true,
    also: untrodden,
  },
  {
    name: 'agents of such a worker get none of those variables',
    rules: [
      {
        when: { iteration: 1 },
        do: [
          {
            act: 'run',
            command: [
              'sh',
              '-c',
              'env | grep "^GIT_" | sort > seen.txt; git status --porcelain > status.txt',
            ],
          },
          { act: 'normal' },
        ],
      },
    ],
    from: 'rest',
    env: POINTERS,
    sparesWorker: true,
    ends: AT_THE_GATE,
    also: async (rig) => {
      await untrodden(rig);
      const worktree = (await rig.state()).worktree?.path ?? '';
      const seen = await rig.repo.git([
        '-C',
        worktree,
        'grep',
        '--untracked',
        '-h',
        '-e',
        'GIT_',
        '--',
        'seen.txt',
      ]);
      expect(seen).not.toMatch(/nowhere|stepped|GIT_DIR|GIT_INDEX/);
    },
  },
];

faultTable([...byChildren, ...byEnvironment]);
