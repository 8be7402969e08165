import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { launchWorker } from '../../../../src/core/sandbox/programs/launch-worker.ts';
import type { SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { endSessionsBelow, PATIENT_CLOCK, processesOf, untilState } from '../../../support/live-session.ts';
import { postgresPrograms } from '../../../support/postgres-server.ts';
import { makeProject } from '../../../support/project.ts';
import { startSession } from '../../../support/start-session.ts';
import { endProcessesOf } from '../../../support/supervisors.ts';

/** Adds the row in the path, or names all rows. */
const SERVER = `
const { execFileSync } = require('node:child_process');
const psql = (sql, ...more) =>
  execFileSync('psql', [process.env.DATABASE_URL, '-Atqf', '-', ...more], { input: sql, encoding: 'utf8' });
require('node:http').createServer(({ url }, response) => {
  const name = url.slice('/add/'.length);
  if (url.startsWith('/add/')) psql("insert into boats values (:'name')", '-v', 'name=' + name);
  response.end(psql('select name from boats order by name'));
}).listen(process.env.PORT_WEB, '127.0.0.1');
`;

/** Its data folder is root's where we are root, as whom PostgreSQL does not run: in a namespace it has another number. */
const AS = userInfo().uid === 0 ? 'unshare -U --map-user=1000 --map-group=1000' : '';

async function linesOf(): Promise<Record<string, string>> {
  const bin = await postgresPrograms();
  const make = `${AS} ${bin}/initdb -D {data}/db -A trust -U app --no-sync`;
  const settings = '-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off';
  return {
    PORTS: 'web,db',
    SERVICE_DB: `test -d {data}/db || ${make} && exec ${AS} ${bin}/postgres -D {data}/db -p {port.db} ${settings}`,
    READY_DB: 'psql "$DATABASE_URL" -c "select 1"',
    SERVICE_WEB: 'exec node server.cjs',
    SERVICE_INIT: 'psql "$DATABASE_URL" -c "create table if not exists boats (name text)"',
    ENV_DATABASE_URL: 'postgres://app@127.0.0.1:{port.db}/postgres',
    // Its data is new: the only row is that of the check.
    CHECK: 'test "$(curl -sf http://localhost:$PORT_WEB/add/x)" = x',
    GATES: 'none',
  };
}

/** The name of the session's worktree is its row. */
const WORKS = {
  paceMs: 0,
  rules: [
    {
      when: { phase: 'implementation' },
      do: [
        {
          act: 'run',
          command: [
            'sh',
            '-c',
            'curl -sf http://localhost:$PORT_WEB/add/$(basename "$PWD") >name || echo none >name',
          ],
        },
        { act: 'run', command: ['sh', '-c', 'git add name; git commit -qm "Add a boat"'] },
        { act: 'end', did: 'Added a boat', signal: { status: 'continue', phase: 'testing' } },
      ],
    },
  ],
};

test.each(['guard', 'strict'] as const)(
  'two sessions at once use a web server and PostgreSQL without seeing rows of each other, level %s',
  async (sandbox) => {
    const acting = { programs: await builtPrograms() };
    const files = { 'README.md': '# Boats\n', 'server.cjs': SERVER };
    const { repo, context, sessionsDir } = await makeProject({
      ...{ files, sandbox, lines: await linesOf(), acting },
    });
    const scenario = join(repo.root, 'scenario.json');
    await writeFile(scenario, JSON.stringify(WORKS));
    const env = { ...repo.env, REHEARSAL_SCENARIO: scenario };
    const as = { ...context, env, clock: PATIENT_CLOCK };
    const toDone = async ({ folder, id }: SessionFile) => {
      const paths = sessionPaths(sessionsDir, folder);
      const at = { paths, host: context.host };
      await untilState(at, ({ status }) => status.kind === 'stopped');
      const text = await readFile(paths.overview, 'utf8');
      await writeFile(paths.overview, text.replace(/^Phase: .*$/m, 'Phase: implementation'));
      await resumeSession({ session: folder }, as);
      const launch = () => launchWorker(paths, { program: acting.programs.worker, env });
      const { status, worktree } = await untilState(
        at,
        ({ status: { kind } }) => kind === 'done' || kind === 'blocked',
        { launch },
      );
      const name = await readFile(join(worktree?.path ?? '', 'name'), 'utf8');
      return { status, name: name.trim(), folder, left: await processesOf(context.host, `${id}-services`) };
    };
    try {
      const started = [];
      for (const task of ['Name the boats', 'Count the boats'])
        started.push((await startSession({ task, run: false }, as)).file);
      const ends = await Promise.all(started.map(toDone));
      for (const { status, name, folder, left } of ends) {
        expect(status).toMatchObject({ kind: 'done' });
        expect(name).toBe(folder);
        expect(left).toEqual([]);
      }
    } finally {
      await endSessionsBelow(sessionsDir, context.host);
      await endProcessesOf(repo.homeDir);
      await repo[Symbol.asyncDispose]();
    }
  },
);
