// @module-tag ci
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import { GATE_CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import {
  ARCHIVED,
  ASKING,
  BLOCKED,
  CREATED,
  DONE,
  LEFT,
  PREPARED,
  writeEvents,
} from '../../../core/unit/session/events.ts';
import { makeProject, type TempProject } from '../../../support/project.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { planned } from '../../../support/work-events.ts';
import { CLI_NAMES } from '../../../words/texts.ts';
import { typed } from '../../unit/cli/typed.ts';

const STOPPED: NewEvent = { type: 'stopped', by: { channel: 'cli' }, why: 'on request' };

const PLAN = '# Plan: boat\n\n## Phase 1: Paint\n\n- [ ] paint the boat\n';
const PLANNED = planned('01-08-1030-plan-boat.md', PLAN);

const STATES: Readonly<Record<string, readonly NewEvent[]>> = {
  'runs without a worker': [CREATED, PREPARED],
  'asks a question': [CREATED, PREPARED, ASKING],
  'waits for approval of its plan': [CREATED, PREPARED, PLANNED],
  'is blocked': [CREATED, PREPARED, BLOCKED],
  'is stopped': [CREATED, PREPARED, STOPPED],
  'is done': [CREATED, PREPARED, DONE],
  'is archived': [CREATED, PREPARED, DONE, ARCHIVED, LEFT],
};

/** What a person may type about a session in any state, right or wrong. */
const COMMANDS = [
  'status boat',
  'answer boat Q1=A',
  'approve boat',
  'changes boat Longer',
  'resume boat',
  'resume boat --goal Paint',
  'run boat --provider codex',
  'message boat Mind',
  'finish boat --merge --yes',
  'finish boat --pull-request --yes',
  'archive boat --yes',
  'unarchive boat',
  'rewind boat 1 --yes',
  'round boat',
  'takeover boat',
  'verify boat --yes',
];

/** What is laid lacks a proof, a commit, programs that could work on it, and in one row a known provider. */
const LACKING =
  /has no proof yet|is in [\w ]+ already|Its worker exited|program "codex" was not found|Did you mean "codex"?/;

const QA =
  '# Q&A: boat\n\n### Q1: Which colour?\n\nA) Red\nB) Blue\n\n**Suggestion:** B - it is calm\n\n**Answer:** _waiting_\n';

/** It never waits: no worker is there that could answer. */
function swiftClock(): Clock {
  let skippedMs = 0;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + skippedMs,
    async sleep(ms, signal) {
      skippedMs += ms;
      await systemClock.sleep(1, signal);
    },
  };
}

async function lay(
  { repo, sessionsDir }: TempProject,
  name: string,
  events: readonly NewEvent[],
): Promise<void> {
  const paths = sessionPaths(sessionsDir, `26-01-08-${name}`);
  const settings = { ...sessionFileSample().settings, gateChannels: [...GATE_CHANNELS] };
  const configPath = join(repo.path, '.samocode');
  await writeEvents(paths, events, undefined, { mainRepo: repo.path, configPath, settings });
  await repo.write({
    [`_samocode/sessions/${paths.folder}/_overview.md`]: `# Session: ${paths.folder}\n`,
    [`_samocode/sessions/${paths.folder}/_qa.md`]: QA,
    [`_samocode/sessions/${paths.folder}/01-08-1030-plan-boat.md`]: PLAN,
  });
  if (!events.includes(ARCHIVED)) return;
  const archive = sessionPaths(sessionsDir, paths.folder, true).sessionDir;
  await mkdir(dirname(archive), { recursive: true });
  await rename(paths.sessionDir, archive);
}

async function ran({ repo }: Pick<TempProject, 'repo'>, argv: readonly string[], says: string) {
  const place = { cwd: repo.path, home: repo.homeDir, clock: swiftClock(), says: Array(4).fill(says) };
  const { exitCode, stdout, stderr } = await typed([...argv], place);
  return { exitCode, text: `${stdout}\n${stderr}` };
}

/** Runs until it is ended (another suite starts it), or is an example of what could be recurring. */
const NOT_WALKED = /^supervisor$|^every mon-fri/;

/** The command lines that a text names, as a shell splits them, with words for what its reader fills in. */
function namedIn(text: string): string[][] {
  const named = text.matchAll(/samocode ((?:"[^"\n]*"|[^\n",.;:()`])+)/g);
  return Array.from(named, ([, words = '']) =>
    (words.trim().match(/"[^"]*"|\S+/g) ?? []).map((word) =>
      word.replace(/^"|"$/g, '').replace('…', 'Paint it').replace('<name>', 'phone'),
    ),
  ).filter(([name = '']) => CLI_NAMES.includes(name));
}

test.each(Object.entries(STATES))(
  'whatever is typed where a session %s, each command that is named in reply can be used there',
  async (_state, events) => {
    const project = await makeProject();
    await using _ = project.repo;
    const walked = new Set<string>();
    const deadEnds: string[] = [];
    for (const [at, line] of COMMANDS.entries()) {
      await lay(project, `boat${at}`, events);
      const asked = (command: readonly string[], name: string) =>
        command.map((word) => (/^(?:26-01-08-)?boat\d*$/.test(word) ? name : word));
      const { text } = await ran(project, asked(line.split(' '), `boat${at}`), 'A');
      for (const command of namedIn(text)) {
        const name = `ship${walked.size}`;
        const shown = asked(command, 'boat').join(' ');
        if (walked.has(shown) || NOT_WALKED.test(shown)) continue;
        walked.add(shown);
        await lay(project, name, events);
        const next = await ran(project, asked(command, name), 'A');
        const isDead = (next.exitCode === 1 || next.exitCode === 2) && !LACKING.test(next.text);
        if (isDead) deadEnds.push(`${line} → ${shown} → ${next.text.trim()}`);
      }
    }
    expect(deadEnds).toEqual([]);
    expect(walked.size).toBeGreaterThan(2);
  },
);

const REPOSITORIES: Readonly<Record<string, (repo: TempRepo) => Promise<void>>> = {
  'is no project yet': async () => {},
  'has settings that its person has not trusted': async (repo) => {
    await repo.write({
      '.samocode': 'MAIN_REPO=.\nSESSIONS=s\nWORKTREES=w\nPROVIDER=rehearsal\nCHECK=true\n',
    });
  },
  'has a misspelt setting': async (repo) => {
    await repo.write({ '.samocode': 'MAIN_REPO=.\nSESSIONS=s\nWORKTREES=w\nPROVIDER=codexx\n' });
    for (const folder of ['s', 'w']) await mkdir(join(repo.path, folder));
  },
};

const IN_PROJECT = [
  ...['list', 'status boat', 'start --task Paint', 'run', 'trust', 'config', 'resume boat', 'answer boat'],
  ...['every list', 'supervisor --status', 'pool status', 'pool take boat', 'cost', 'import'],
];

test.each(Object.entries(REPOSITORIES))(
  'whatever is typed in a repository that %s, each command that is named in reply can be used there',
  async (_what, prepare) => {
    const walked = new Set<string>();
    const deadEnds: string[] = [];
    for (const line of IN_PROJECT) {
      await using repo = await makeRepo();
      await prepare(repo);
      const { text } = await ran({ repo }, line.split(' '), '');
      for (const command of namedIn(text)) {
        const shown = command.join(' ');
        if (walked.has(shown) || NOT_WALKED.test(shown)) continue;
        walked.add(shown);
        const next = await ran({ repo }, command, 'y');
        const isDead = (next.exitCode === 1 || next.exitCode === 2) && !LACKING.test(next.text);
        if (isDead) deadEnds.push(`${line} → ${shown} → ${next.text.trim()}`);
      }
    }
    expect(deadEnds).toEqual([]);
  },
);
