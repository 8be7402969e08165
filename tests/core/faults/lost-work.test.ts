import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { refNameOf } from '../../../src/core/session/layout/names.ts';
import { rewindSession } from '../../support/as-shown.ts';
import { contentsOf } from '../../support/checkpoint-scene.ts';
import { eventsOfType, noticesOf } from '../../support/events-of.ts';
import { shell } from '../../support/scenario-rules.ts';
import { LOOKS_FIRST, type SessionRig } from '../../support/session-rig.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';

const WORK = 'mkdir -p work && echo one > work/one.txt && echo two > "work/two words.txt"';

/** What later agents do to the work of the first one. */
const CLEAN_UPS: [string, string][] = [
  ['git clean', 'git clean -ffdxq'],
  ['a hard reset', 'git add -A; git reset -q --hard'],
  ['its folder was removed', 'rm -rf work'],
  ['the worktree was removed', 'cd ../../..; rm -rf _samocode/worktrees/*'],
  [
    'git removed the worktree',
    'w=$PWD; cd "$(git rev-parse --git-common-dir)/.." && git worktree remove --force "$w"',
  ],
  ['the .git file was removed', 'rm .git'],
  ['the repository forgot the worktree', 'rm -rf "$(git rev-parse --git-common-dir)/worktrees"'],
  [
    'a clean-up of the repository',
    'rm -rf work; git reflog expire --expire=now --all; git gc -q --prune=now',
  ],
  ['another branch was checked out', 'git checkout -q -B elsewhere; rm -rf work'],
  [
    'HEAD was detached and the branch moved',
    'git checkout -q --detach; git branch -f "$(git branch --list --format="%(refname:short)" | grep -v main | head -1)" main; rm -rf work',
  ],
  ['history was rewritten', 'git add -A; git commit -q --amend -m Rewritten; rm -rf work'],
  ['the index was emptied', 'git rm -rfq --cached .; rm -rf work'],
];

/** One agent works; each later one cleans up after it, and the first one's state must still be restorable. */
function cleanedUp(cleanUps: readonly [string, string][]): FaultRow {
  return {
    name: `the agent's files can be restored after each of ${cleanUps.map(([name]) => name).join('; ')}`,
    rules: [
      { when: { iteration: 1 }, do: [shell(WORK), ...LOOKS_FIRST.do] },
      ...cleanUps.map(([, command], index) => ({
        when: { iteration: index + 2 },
        do: [{ act: 'normal' }, shell(command)],
      })),
    ],
    sparesWorker: true,
    act: async (rig) => {
      for (const [index, [name]] of cleanUps.entries()) {
        if (index > 0) await rig.resume();
        await rig.until(
          ({ status, progress }) =>
            progress.totalIterations === index + 2 &&
            (status.kind === 'waiting' || status.kind === 'blocked'),
          { withinMs: 480_000 },
        );
        await rewindSession({ session: rig.file.folder, to: 1 }, rig.context());
        await expectWork(rig, name);
      }
    },
    ends: 'stopped',
  };
}

async function expectWork(rig: SessionRig, name: string): Promise<void> {
  const worktree = (await rig.state()).worktree?.path ?? '';
  expect(Object.keys(await contentsOf(worktree)), name).toEqual(
    expect.arrayContaining(['work/one.txt', 'work/two words.txt']),
  );
  expect(await rig.repo.git(['status', '--porcelain', '--branch'], worktree), name).toContain(
    `## ${rig.file.settings.branch}`,
  );
}

// Three sessions in parallel.
const cleanUps = [
  { ...cleanedUp(CLEAN_UPS.slice(0, 4)), ci: true as const },
  cleanedUp(CLEAN_UPS.slice(4, 8)),
  cleanedUp(CLEAN_UPS.slice(8)),
];

/** A process without an agent's marker is samocode's or the person's. */
const EVIL =
  'if [ -z "$SAMOCODE_SESSION" ]; then echo ran >> "$(git rev-parse --path-format=absolute --git-common-dir)/evil-ran"; fi';

async function nothingRan(rig: SessionRig, name: string): Promise<void> {
  expect(await ifExists(lstat(join(rig.repo.path, '.git/evil-ran'))), name).toBeUndefined();
}

/** A person removes it; the next git on the main checkout is the test's own. */
async function unplant(rig: SessionRig): Promise<void> {
  const list = await rig.repo.git(['config', '--local', '--name-only', '--list']);
  for (const key of list
    .split('\n')
    .filter((name) =>
      /fsmonitor|filter\.|include\.|hookspath|alias\.|diff\.|editor|pager|gpg\./i.test(name),
    )) {
    await rig.repo.git(['config', '--local', '--unset-all', key]).catch(() => undefined);
  }
  for (const name of ['evil', 'h', 'hooks', 'info/attributes', 'more'])
    await rm(join(rig.repo.path, '.git', name), { recursive: true, force: true });
}

/** `evil` is a script next to the repository's settings; with a plant, an unprotected git runs it. */
const EVIL_SCRIPT = `c=$(git rev-parse --path-format=absolute --git-common-dir); printf '#!/bin/sh\\n%s\\ncat\\n' '${EVIL.replaceAll("'", `'"'"'`)}' > "$c/evil"; chmod +x "$c/evil"`;

/** Each agent plants something, which a person removes before the next one. */
function planted(plants: readonly [name: string, command: string][]): FaultRow {
  const names = plants.map(([name]) => name).join('; ');
  return {
    name: `every planted program blocks the session, and samocode never runs it: ${names}`,
    rules: plants.map(([, command], index) => ({
      when: { iteration: index + 1 },
      do: [shell(`rm -f .gitattributes; ${EVIL_SCRIPT}; ${command}`), { act: 'normal' }],
    })),
    sparesWorker: true,
    act: async (rig) => {
      for (const [index, [name]] of plants.entries()) {
        if (index > 0) await rig.resume();
        const { status, progress } = await rig.until(
          (state) =>
            state.progress.totalIterations > index &&
            (state.status.kind === 'blocked' || state.status.kind === 'waiting'),
        );
        expect({ ...status, iterations: progress.totalIterations }, name).toMatchObject({
          kind: 'blocked',
          rule: 'git_programs_changed',
          iterations: index + 1,
        });
        await nothingRan(rig, name);
        await unplant(rig);
      }
    },
    ends: 'blocked/git_programs_changed',
    also: (rig) => nothingRan(rig, names),
  };
}

/** Its agent plants what git starts for others alone: without a guard nothing of it is compared. */
function unseen(plants: readonly [name: string, command: string][]): FaultRow {
  const name = plants.map(([each]) => each).join('; ');
  const commands = plants.map(([, command]) => command).join('; ');
  return {
    name: `what git starts for others is not compared without a guard, and samocode never runs it: ${name}`,
    rules: [{ when: { iteration: 1 }, do: [shell(`${EVIL_SCRIPT}; ${commands}`), { act: 'normal' }] }],
    ci: true,
    ends: AT_THE_GATE,
    also: async (rig) => {
      await nothingRan(rig, name);
      await unplant(rig);
    },
  };
}

const UNSEEN: [string, string][] = [
  ['a file monitor', 'git config core.fsmonitor "$c/evil"'],
  [
    'a hooks folder',
    'mkdir "$c/h"; for n in reference-transaction post-checkout pre-commit post-index-change; do cp "$c/evil" "$c/h/$n"; done; git config core.hooksPath "$c/h"',
  ],
  [
    'a hook',
    'mkdir -p "$c/hooks"; for n in reference-transaction post-checkout pre-commit post-index-change; do cp "$c/evil" "$c/hooks/$n"; done',
  ],
  [
    'an include',
    'printf "[core]\\n\\tfsmonitor = %s/evil\\n" "$c" > "$c/more"; git config include.path "$c/more"',
  ],
  ['an alias', 'git config alias.status "!$c/evil"; git config alias.rev-parse "!$c/evil"'],
];

const PLANTS: [string, string][] = [
  [
    'a filter',
    'git config filter.evil.clean "$c/evil"; git config filter.evil.smudge "$c/evil"; echo "* filter=evil" > .gitattributes; echo x > filtered.txt',
  ],
  [
    'a filter by attributes of the repository',
    'mkdir -p "$c/info"; git config filter.evil.clean "$c/evil"; echo "* filter=evil" > "$c/info/attributes"; echo x > filtered.txt',
  ],
  [
    'an included filter',
    'printf "[filter \\"evil\\"]\\n\\tclean = %s/evil\\n" "$c" > "$c/more"; git config include.path "$c/more"; echo "* filter=evil" > .gitattributes; echo x > filtered.txt',
  ],
  [
    'a diff program',
    'git config diff.external "$c/evil"; echo "* diff=evil" > .gitattributes; git config diff.evil.textconv "$c/evil"',
  ],
  [
    'an editor, a pager and a signer',
    'git config core.editor "$c/evil"; git config core.pager "$c/evil"; git config gpg.program "$c/evil"; git config commit.gpgSign true; git config --unset commit.gpgSign',
  ],
];

// Three sessions in parallel.
const plants = [
  { ...planted(PLANTS.slice(0, 2)), ci: true as const },
  planted(PLANTS.slice(2)),
  unseen(UNSEEN),
];

const mainCheckout: FaultRow[] = [
  {
    name: 'a commit in the main checkout is reported, and not undone',
    rules: [
      {
        when: { iteration: 1 },
        do: [
          shell('git -C "$(git rev-parse --git-common-dir)/.." commit -q --allow-empty -m Mine'),
          { act: 'normal' },
        ],
      },
    ],
    ends: AT_THE_GATE,
    also: async (rig) => {
      expect(await rig.repo.git(['log', '-1', '--format=%s'])).toBe('Mine');
      expect(await noticesOf(rig, 'main_checkout_moved')).not.toEqual([]);
    },
  },
  {
    name: 'another branch in the main checkout is reported, and not undone',
    rules: [
      {
        when: { iteration: 1 },
        do: [shell('git -C "$(git rev-parse --git-common-dir)/.." checkout -q -b side'), { act: 'normal' }],
      },
    ],
    ends: AT_THE_GATE,
    also: async (rig) => {
      expect(await rig.repo.git(['branch', '--show-current'])).toBe('side');
      expect(await noticesOf(rig, 'main_checkout_moved')).not.toEqual([]);
    },
  },
];

const odd: FaultRow = {
  name: 'files that no checkpoint takes are reported; links out of the worktree and names with line breaks are kept',
  rules: [
    {
      when: { iteration: 1 },
      do: [
        shell('git init -q inner; echo x > inner/x; truncate -s 51M huge.bin'),
        shell('ln -s / out; printf x > "$(printf "a\\nb")"'),
        { act: 'normal' },
      ],
    },
  ],
  ends: AT_THE_GATE,
  also: async (rig) => {
    const notices = JSON.stringify(await eventsOfType(rig, 'notice'));
    expect(notices).toContain('huge.bin');
    expect(notices).toContain('inner/');
    const checkpoint = `refs/samocode/${refNameOf(rig.file)}/001`;
    const names = await rig.repo.git(['ls-tree', '-z', '--name-only', checkpoint, 'worktree/']);
    expect(names.split('\0')).toEqual(expect.arrayContaining(['worktree/a\nb', 'worktree/out']));
  },
};

faultTable([...cleanUps, ...plants, ...mainCheckout, odd]);
