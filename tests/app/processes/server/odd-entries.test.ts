import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RESOURCE_KINDS } from '../../../../src/app/server/resources/kinds.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { BLOCKED, CREATED, PREPARED } from '../../../core/unit/session/events.ts';
import { ci } from '../../../support/ci.ts';
import { ODD_KINDS, replaceWith } from '../../unit/server/odd-entries.ts';
import { makeServerRig, type ServerRig } from '../../unit/server/server-rig.ts';

const ODD = '26-01-08-odd';
const HEALTHY = '26-01-09-healthy';
const BY_HAND = '26-01-07-by-hand';
const LOG = '001-investigation.jsonl';

const RAN: NewEvent = {
  type: 'iteration_started',
  iteration: 1,
  phase: 'investigation',
  provider: 'rehearsal',
  model: '',
  log: LOG,
  childUuid: 'c',
  timeLimitMs: 1000,
  credentials: [],
  sandbox: 'none',
};

const READS: readonly [string, Record<string, unknown>][] = [
  ['list_sessions', {}],
  ['get_status', { session: ODD }],
  ['read_qa', { session: ODD }],
  ['read_plan', { session: ODD }],
  ['read_session', { session: ODD }],
  ['read_session', { session: ODD, what: 'document' }],
  ['read_session', { session: ODD, what: 'document', document: 'plan' }],
  ['read_session', { session: ODD, what: 'document', document: '_overview.md' }],
  ['read_session', { session: ODD, what: 'transcript' }],
  ['read_session', { session: ODD, what: 'changes' }],
  ['read_session', { session: ODD, what: 'log' }],
  ['finish_session', { session: ODD, how: 'keep_branch' }],
  ['finish_session', { session: ODD, how: 'archive_documents' }],
  ['rewind_session', { session: ODD, to: 0 }],
];

let serverRig: ServerRig;

beforeAll(async () => {
  serverRig = await makeServerRig();
  await serverRig.addSession(HEALTHY, [CREATED, PREPARED, BLOCKED]);
});

afterAll(async () => {
  await serverRig[Symbol.asyncDispose]();
});

/** A session that is removed again at the end of the row. */
async function oddSession() {
  const paths = await serverRig.addSession(ODD, [CREATED, PREPARED, RAN]);
  await writeFile(join(paths.sessionDir, '01-08-1000-plan-x.md'), '# Plan: x\n');
  return {
    paths,
    async [Symbol.asyncDispose]() {
      for (const dir of [paths.sessionDir, paths.runDir]) await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A folder without records, removed likewise. */
async function folderByHand() {
  const path = join(serverRig.sessionsDir, BY_HAND);
  await serverRig.repo.write({
    [`_samocode/sessions/${BY_HAND}/_overview.md`]: '# Session: x\nPhase: planning\n',
  });
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** Calls everything that reads; `internal` is the code of an unexpected failure. */
async function readAll() {
  const tools = await Promise.all(
    READS.map(
      ([name, args]) => serverRig.client.callTool({ name, arguments: args }) as Promise<CallToolResult>,
    ),
  );
  const resources = await Promise.all(
    Object.keys(RESOURCE_KINDS).map((kind) =>
      serverRig.client
        .readResource({ uri: `samocode://session/${ODD}/${kind}` })
        .catch(({ code }) => ({ code })),
    ),
  );
  const texts = tools.map(({ content }) => JSON.stringify(content));
  return {
    list: texts[0],
    internal: READS.filter((_, index) => texts[index]?.includes('\\"internal\\"')),
    unexpected: resources.filter((answer) => 'code' in answer && answer.code !== -32602),
  };
}

const IN_SESSION = [
  '_overview.md',
  '_qa.md',
  '_signal.json',
  '_signal_history.jsonl',
  'session.log',
  '01-08-1000-plan-x.md',
  '_logs',
  `_logs/${LOG}`,
  '_inbox',
  '_inbox/read',
  '_archive',
];
const IN_RUN = [
  'session.json',
  'events.jsonl',
  'state.json',
  'now.json',
  'git-settings.json',
  'leases',
  'commands',
  'iterations',
  'worker.stderr',
];

test.each(IN_SESSION.flatMap((name) => ODD_KINDS.map((kind) => ({ name, kind }))))(
  'with $kind at $name of one session, every read works and lists the others',
  ci,
  async ({ name, kind }) => {
    await using odd = await oddSession();
    await using _odd = await replaceWith(kind, join(odd.paths.sessionDir, name));
    const { list, internal, unexpected } = await readAll();
    expect(list).toContain(HEALTHY);
    expect(list).toContain(ODD);
    expect(internal).toEqual([]);
    expect(unexpected).toEqual([]);
  },
);

test.each(IN_RUN.flatMap((name) => ODD_KINDS.map((kind) => ({ name, kind }))))(
  'with $kind at $name of one run folder, every read works and lists the others',
  async ({ name, kind }) => {
    await using odd = await oddSession();
    await using _odd = await replaceWith(kind, join(odd.paths.runDir, name));
    const { list, internal, unexpected } = await readAll();
    expect(list).toContain(HEALTHY);
    expect(internal).toEqual([]);
    expect(unexpected).toEqual([]);
  },
);

test.each(ODD_KINDS)(
  'with %s at _overview.md of a folder that is not imported, every read works and names it',
  async (kind) => {
    await using folder = await folderByHand();
    await using _odd = await replaceWith(kind, join(folder.path, '_overview.md'));
    const { list, internal } = await readAll();
    expect(list).toContain(HEALTHY);
    expect(list).toContain(BY_HAND);
    expect(internal).toEqual([]);
  },
);
