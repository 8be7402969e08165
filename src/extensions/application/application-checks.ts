import { basename, dirname, join } from 'node:path';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { findProjectFor } from '../../core/caller/context/find-project-for.ts';
import { type DoctorCheck, ok, warn } from '../../core/caller/refusals/check.ts';
import { isRunning } from '../../core/kernel/processes/process-table.ts';
import { counted } from '../../core/kernel/text.ts';
import type { Project } from '../../core/project/finding/open-project.ts';
import { checkoutsOf, namesInto } from '../../core/project/proving/checkout-variables.ts';
import { missingProgram } from '../../core/project/proving/project-command.ts';
import { valuesOf } from '../../core/project/settings/settings.ts';
import { childEnvironment } from '../../core/sandbox/programs/environment.ts';
import { CHROMIUMS, programOnPath } from '../../core/sandbox/programs/locate-cli.ts';
import { isWriterOf, readServicesNow } from '../../core/session/folder/services-now.ts';
import { playwrightOf } from './pictures/run-job.ts';
import { isFree } from './ports/listeners.ts';
import { holderOf, oddReservations, portsFolder, reservedPorts } from './ports/reserve-ports.ts';
import { APPLICATION_ROWS } from './settings/application-settings.ts';

/** Ports of sessions that other programs hold, and what services and pictures of the project need. */
export async function applicationChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const project = await findProjectFor({}, context).catch(() => undefined);
  return [
    ...(await portChecks(context)),
    ...(project === undefined
      ? []
      : [
          ...(await serviceChecks(project, context)),
          ...(await variableChecks(project, context)),
          ...(await pageChecks(project, context)),
        ]),
  ];
}

async function portChecks({ home, host }: ActionContext): Promise<DoctorCheck[]> {
  const folder = portsFolder(home);
  const reserved = reservedPorts(folder);
  const taken = oddReservations(folder).map((path) =>
    warn(
      `ports.${basename(path)}`,
      `${path} is no file that can be read, so no session gets this port.`,
      'Remove it.',
    ),
  );
  for (const { port, name, session, while: file } of reserved) {
    if ((await isFree(port)) || (await mayBeServed(file, host))) continue;
    const holder = await holderOf(port, host);
    const by =
      holder?.pid === undefined ? 'a program that cannot be seen from here' : `process ${holder.pid}`;
    const command = holder?.command === undefined ? '' : ` (${holder.command})`;
    const found = `Port ${port} (${name}) of ${session} is in use by ${by}${command}.`;
    taken.push(warn(`port.${port}`, found, 'End that program before the session continues.'));
  }
  if (taken.length > 0 || reserved.length === 0) return taken;
  return [ok('ports', `${counted(reserved.length, 'port')} reserved for sessions, none held by others`)];
}

/** Whether the session's services run, or those of checks outside of a worker: then these listen. */
async function mayBeServed(file: string, { processes }: ActionContext['host']): Promise<boolean> {
  if (basename(file) !== 'session.json') return true;
  const now = await readServicesNow({ services: join(dirname(file), 'services') });
  const entry = now && (await processes.read(now.worker));
  return now !== undefined && isRunning(entry) && isWriterOf(now, entry);
}

async function serviceChecks({ mainRepo, values }: Project, { env }: ActionContext): Promise<DoctorCheck[]> {
  const { services, ready } = valuesOf(APPLICATION_ROWS, values);
  const place = { cwd: mainRepo, env: childEnvironment(env, { sessionUlid: '', iteration: 0 }) };
  const lines = [
    ...services.map(({ name, value }) => ({ key: `SERVICE_${name}`, value })),
    ...ready.map(({ name, value }) => ({ key: `READY_${name}`, value })),
  ];
  const checks = lines.map(async ({ key, value }) => {
    const id = key.toLowerCase().replace('_', '.');
    const program = await firstMissing(value, place);
    if (program === undefined) return ok(id, `${key}: ${value}`);
    return warn(
      id,
      `The shell cannot find "${program}", used by ${key}.`,
      `Install it or add its folder to PATH, or correct ${key}; SETUP may also create it.`,
    );
  });
  return await Promise.all(checks);
}

/** Lines of a person are not led elsewhere, so what they name is that of the main checkout. */
async function variableChecks({ mainRepo, values }: Project, { env }: ActionContext): Promise<DoctorCheck[]> {
  const { serviceEnv } = valuesOf(APPLICATION_ROWS, values);
  const lines = Object.fromEntries(serviceEnv.map(({ name, value }) => [name, value]));
  const checkouts = await checkoutsOf({ mainRepo, worktreesDir: values.worktrees }, env);
  return namesInto(lines, checkouts).map((name) =>
    warn(
      `env.${name.toLowerCase()}`,
      `ENV_${name} names your checkout, which no session and no proof sees: ${lines[name]}`,
      `Write it relative to the folder in which commands start, or let SETUP or CHECK set ${name} by "$PWD".`,
    ),
  );
}

/** Programs that a line starts one after another, as `test -d {data}/db || initdb …; exec postgres …`. */
async function firstMissing(line: string, place: Parameters<typeof missingProgram>[1]) {
  const plain = line.replace(/'[^']*'|"[^"]*"/g, 'text');
  // Groups, loops and substitutions start programs in other ways.
  const parts = /[`$(){}]/.test(plain.replace(/\{[\w.]+\}/g, '')) ? [line] : plain.split(/[;&|]+/);
  for (const part of parts) {
    const program = await missingProgram(part.replace(/^\s*exec\s/, ''), place);
    if (program !== undefined) return program;
  }
  return undefined;
}

async function pageChecks({ values }: Project, { env, programs }: ActionContext): Promise<DoctorCheck[]> {
  if ((valuesOf(APPLICATION_ROWS, values).pages ?? []).length === 0) return [];
  const browser = await programOnPath(CHROMIUMS, env);
  const lacking = [
    ...(playwrightOf(dirname(programs.worker)) === undefined
      ? [
          warn(
            'pages.playwright',
            'PAGES: playwright-core is not installed beside samocode, so no pictures are taken.',
            'Run: npm install -g playwright-core',
          ),
        ]
      : []),
    ...(browser === undefined
      ? [
          warn(
            'pages.chromium',
            'PAGES: no Chromium is on PATH, so no pictures are taken.',
            'Install it, for example: sudo apt install chromium',
          ),
        ]
      : []),
  ];
  return lacking.length > 0 ? lacking : [ok('pages', `pictures are taken with ${browser}`)];
}
