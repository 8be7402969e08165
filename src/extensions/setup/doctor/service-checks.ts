import { existsSync } from 'node:fs';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { isUnfinished } from '../../../core/caller/context/supervision.ts';
import {
  absent,
  checked,
  type DoctorCheck,
  ok,
  onlyWarned,
  warn,
  warnIf,
} from '../../../core/caller/refusals/check.ts';
import { listed } from '../../../core/kernel/text.ts';
import { isOlder } from '../../../core/kernel/versions.ts';
import {
  isOff,
  readPresence,
  supervisorPaths,
  watchedFolders,
  whyNoSupervisor,
} from '../../../core/sandbox/programs/supervisor-folder.ts';
import { readSessionList } from '../../../core/session/folder/session-list.ts';
import { CLIENTS } from '../install/clients.ts';
import { install } from '../install/install.ts';
import { INSTALL_ERRORS } from '../install/install-errors.ts';
import { installedSupervisor } from '../service/service.ts';

/** Checks which chat programs have samocode, by a dry run of the installation, and whether they ask the person. */
export async function installChecks(context: ActionContext): Promise<DoctorCheck[]> {
  try {
    const { clients } = await install({ scope: 'user', dryRun: true, allow: false }, context);
    const of = (words: string, is: (outcome: (typeof clients)[number]['outcome']) => boolean) => {
      const titles = clients.filter(({ outcome }) => is(outcome)).map(({ title }) => title);
      return titles.length === 0 ? [] : [`${words} ${titles.join(', ')}`];
    };
    const there = of('samocode is in', (outcome) => outcome === 'nothing_to_do');
    const summary = [
      ...there,
      ...of('"samocode install" adds or updates it in', (outcome) => outcome === 'would_change'),
      ...of('"samocode install" says what to change by hand in', (outcome) => /failed|by_hand/.test(outcome)),
    ].join('; ');
    const rules = CLIENTS.map(async ({ name, notes: notesOf }) => {
      const id = `install.${name}.rules`;
      const found = await checked(
        id,
        () => notesOf?.(context) ?? [],
        (notes) =>
          notes.map(({ found, fix }) => (fix === undefined ? ok(id, found, found) : warn(id, found, fix))),
      );
      return onlyWarned(found);
    });
    return [
      there.length > 0 ? ok('install', summary, summary) : absent('install', summary),
      ...clients.map(({ client, title, outcome }) =>
        ok(
          `install.${client}`,
          outcome === 'nothing_to_do' ? `${title} has samocode` : `${title} does not have this samocode`,
        ),
      ),
      ...(await Promise.all(rules)).flat(),
    ];
  } catch (error) {
    if (!INSTALL_ERRORS.no_client.is(error)) throw error;
    return [absent('install', 'no chat client was found; the terminal needs none')];
  }
}

/** Checks that waiting sessions are watched, by a program that still exists. Starts no supervisor. */
export async function supervisorChecks(context: ActionContext): Promise<DoctorCheck[]> {
  return [await presenceCheck(context), ...(await serviceChecks(context))];
}

async function presenceCheck({ env, home, host }: ActionContext): Promise<DoctorCheck> {
  const id = 'supervisor';
  const paths = supervisorPaths(home, host);
  const presence = await readPresence(paths, host);
  if (presence.kind === 'watching') {
    const { pid, since, about, suspended } = presence;
    if (suspended !== undefined)
      return warn(
        id,
        `The supervisor does nothing, and no notification is sent: ${suspended}.`,
        'Continue or end that process.',
      );
    const words = `process ${pid}, version ${about?.version ?? 'unknown'}, since ${since}`;
    const isOld = about !== undefined && isOlder(about.version, __VERSION__);
    const found = `A supervisor of an older version is running: ${words}.`;
    return isOld ? warn(id, found, 'The next act on a session replaces it.') : ok(id, words, 'running');
  }
  const unwritable = await whyNoSupervisor(paths);
  if (unwritable !== undefined)
    return warn(
      id,
      `${unwritable}: sessions still run, but nothing watches them and no notification is sent.`,
      'Make the folder writable for your user (chown, chmod).',
    );
  if (isOff(env))
    return warn(
      id,
      'SAMOCODE_SUPERVISOR=off: sessions that wait are not watched, and no notification is sent.',
      'Remove that setting, or run: samocode supervisor.',
    );
  const folders = await watchedFolders(paths, home);
  // Another check reports an unreadable folder.
  const lists = await Promise.all([...folders].map((dir) => readSessionList(dir, host).catch(() => [])));
  const unfinished = lists.flat().filter(isUnfinished);
  if (unfinished.length === 0) return absent(id, 'not running, and not needed');
  return warn(
    id,
    `No supervisor is running; nothing watches ${listed(
      unfinished.map(({ folder }) => folder),
      5,
    )}.`,
    'Any act on a session starts one; "samocode supervisor --install" runs it as a service.',
  );
}

/** Warns about a service whose supervisor program was moved by an upgrade. */
async function serviceChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const installed = await installedSupervisor(context);
  if (installed === undefined) return [];
  const [node = '', program = ''] = installed.command;
  const gone = [node, program].filter((path) => !existsSync(path));
  return warnIf(
    gone.length > 0,
    'supervisor.service',
    `The ${installed.service} service cannot start the supervisor: ${gone.join(' and ')} not found.`,
    'Run: samocode supervisor --install.',
  );
}
