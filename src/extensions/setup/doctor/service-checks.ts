import { existsSync } from 'node:fs';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { isUnfinished, watchedFolders } from '../../../core/caller/context/supervision.ts';
import { absent, type DoctorCheck, ok, warn, warnIf } from '../../../core/caller/refusals/check.ts';
import { listed } from '../../../core/kernel/text.ts';
import { isOlder } from '../../../core/kernel/versions.ts';
import {
  isOff,
  readPresence,
  supervisorPaths,
  whyNoSupervisor,
} from '../../../core/sandbox/programs/supervisor-folder.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { readSessionList } from '../../../core/session/session-list.ts';
import { describeHolders, slotsInUse, slotsRoot } from '../../../core/session/slots.ts';
import { isContinuedBy } from '../../../core/session/status.ts';
import { INSTALL_ERRORS } from '../install/install-errors.ts';

/** Checks whether samocode is installed in chat programs, using dry runs of installation and removal. */
export async function installChecks(context: ActionContext, project?: string): Promise<DoctorCheck[]> {
  // Loaded on demand: starting a session imports other files of this room, but needs no client packages.
  const [{ install, uninstall }, { CLIENTS }] = await Promise.all([
    import('../install/install.ts'),
    import('../install/clients.ts'),
  ]);
  const input = { scope: 'user', dryRun: true, allow: false } as const;
  try {
    const wanted = await install(input, context);
    const there = await uninstall(input, context);
    const checks = wanted.clients.map(({ client, title, outcome, problem }) => {
      const id = `install.${client}`;
      if (outcome === 'nothing_to_do') return ok(id, `${title} has samocode`, 'samocode installed');
      if (problem !== undefined) return warn(id, problem.message, problem.hint);
      return there.clients.some((one) => one.client === client && one.outcome === 'would_change')
        ? warn(id, `${title} has another version of samocode, or a part of it.`, 'Run: samocode install.')
        : ok(
            id,
            `${title} does not have samocode; "samocode install" adds it`,
            'samocode not added yet (samocode install)',
          );
    });
    const rules = CLIENTS.map(async ({ name, notes: notesOf }) => {
      const id = `install.${name}.rules`;
      const notes = (await notesOf?.(context, project)) ?? [];
      return notes.map(({ found, fix }) => (fix === undefined ? ok(id, found, found) : warn(id, found, fix)));
    });
    return [...checks, ...(await Promise.all(rules)).flat()];
  } catch (error) {
    if (!INSTALL_ERRORS.no_client.is(error)) throw error;
    return [absent('install', 'no chat client was found; the terminal needs none')];
  }
}

/** Checks that waiting sessions are watched, by a program that still exists. Starts no supervisor. */
export async function supervisorChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const { home, host } = context;
  const paths = supervisorPaths(home, host);
  const folders = await watchedFolders(paths, home);
  // Another check reports an unreadable folder.
  const lists = await Promise.all([...folders].map((dir) => readSessionList(dir, host).catch(() => [])));
  const unfinished = lists.flat().filter(isUnfinished);
  const unseen = unfinished.filter(({ isUnseen }) => isUnseen);
  const others = unfinished.filter(
    ({ worker, lease }) => worker === 'none' && !isContinuedBy(lease, paths.identity),
  );
  return [
    await presenceCheck(unfinished, context),
    ...(await serviceChecks(context)),
    ...(await slotChecks([paths.slots, ...[...folders].map(slotsRoot)], context)),
    ...warnIf(
      unseen.length > 0,
      'supervisor.unseen',
      `Whether the workers of ${namesOf(unseen)} are alive cannot be seen from here.`,
      'If their machine or container is gone: samocode takeover <session>.',
    ),
    ...warnIf(
      others.length > 0,
      'supervisor.others',
      `Last worked on by another machine, container or home: ${namesOf(others)}. The supervisor here does not continue them.`,
      'To continue one here: samocode resume <session>.',
    ),
  ];
}

async function presenceCheck(
  unfinished: readonly SessionView[],
  { env, home, host }: ActionContext,
): Promise<DoctorCheck> {
  const id = 'supervisor';
  const paths = supervisorPaths(home, host);
  const presence = await readPresence(paths, host);
  if (presence.kind === 'watching') {
    const { pid, since, about } = presence;
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
  if (unfinished.length === 0) return absent(id, 'not running, and not needed');
  return warn(
    id,
    `No supervisor is running; nothing watches ${namesOf(unfinished)}.`,
    'Any act on a session starts one; "samocode supervisor --install" runs it as a service.',
  );
}

/** Warns about a service whose supervisor program was moved by an upgrade. */
async function serviceChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const { installedSupervisor } = await import('../service/service.ts');
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

/** Lists the sessions that hold the slots of MAX_PARALLEL and MAX_PARALLEL_ON_MACHINE. */
async function slotChecks(roots: readonly string[], { host }: ActionContext): Promise<DoctorCheck[]> {
  const used = await Promise.all(roots.map((root) => slotsInUse(root, host).catch(() => [])));
  return roots.flatMap((root, index) => {
    const slots = used[index] ?? [];
    if (slots.length === 0) return [];
    const found = `${slots.length} in use in ${root}: ${describeHolders(slots)}`;
    return slots.some(({ isUnseen }) => isUnseen)
      ? warn('slots', `${found}.`, 'If the machine or container of one is gone, take over its session.')
      : ok('slots', found, found);
  });
}

const namesOf = (views: readonly SessionView[]) =>
  listed(
    views.map(({ folder }) => folder),
    5,
  );
