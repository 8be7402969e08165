import { access, constants } from 'node:fs/promises';
import type { ActionContext } from '../../actions/acting/context.ts';
import { isUnfinished, watchedFolders } from '../../actions/acting/supervision.ts';
import { type DoctorCheck, ok, warn, warnIf } from '../../actions/preconditions/check.ts';
import { whyUnwritable } from '../../base/files/why-unwritable.ts';
import { isOlder } from '../../base/versions.ts';
import { isOff, readPresence, supervisorPaths } from '../../providers/starting/supervisor-folder.ts';
import { isContinuedBy } from '../../session/continued-by.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { readSessionList } from '../../session/session-list.ts';

/** Whether sessions that wait are watched, and by a program that is still there. Starts none. */
export async function supervisorChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const unfinished = await unfinishedSessions(context);
  return [
    await presenceCheck(unfinished, context),
    ...(await serviceChecks(context)),
    ...leftChecks(unfinished, context),
  ];
}

async function presenceCheck(
  unfinished: readonly SessionView[],
  { env, home, host }: ActionContext,
): Promise<DoctorCheck> {
  const paths = supervisorPaths(home, host);
  const presence = await readPresence(paths, host);
  if (presence.kind === 'watching') {
    const { pid, since, about } = presence;
    const words = `process ${pid}, version ${about?.version ?? 'unknown'}, since ${since}`;
    return about !== undefined && isOlder(about.version, __VERSION__)
      ? warn(
          'supervisor',
          `A supervisor of an older version is running: ${words}.`,
          'The next act on a session replaces it.',
        )
      : ok('supervisor', words);
  }
  const unwritable = (await whyUnwritable(paths.dir)) ?? (await whyUnwritable(paths.leases));
  if (unwritable !== undefined)
    return warn(
      'supervisor',
      `${unwritable}: sessions still run, but nothing watches them and no notification is sent.`,
      'Make the folder writable for your user (chown, chmod).',
    );
  if (isOff(env))
    return warn(
      'supervisor',
      'SAMOCODE_SUPERVISOR=off: sessions that wait are not watched, and no notification is sent.',
      'Remove that setting, or run: samocode supervisor.',
    );
  return unfinished.length === 0
    ? ok('supervisor', 'not running, and not needed')
    : warn(
        'supervisor',
        `No supervisor is running; nothing watches ${namesOf(unfinished)}.`,
        'Any act on a session starts one; "samocode supervisor --install" runs it as a service.',
      );
}

/** A service of the supervisor whose program an upgrade has moved. */
async function serviceChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const { installedSupervisor } = await import('../service/service.ts');
  const id = 'supervisor.service';
  const installed = await installedSupervisor(context);
  if (installed === undefined) return [];
  const [node = '', program = ''] = installed.command;
  const isGone = (path: string, mode: number) =>
    access(path, mode).then(
      () => [],
      () => [path],
    );
  const gone = [...(await isGone(node, constants.X_OK)), ...(await isGone(program, constants.R_OK))];
  if (gone.length === 0) return [ok(id, `${installed.service} runs it`)];
  return [
    warn(
      id,
      `The ${installed.service} service cannot start the supervisor: ${gone.join(' and ')} not found.`,
      'Run: samocode supervisor --install.',
    ),
  ];
}

/** Sessions that no supervisor of this machine continues. */
function leftChecks(unfinished: readonly SessionView[], { home, host }: ActionContext): DoctorCheck[] {
  const { identity } = supervisorPaths(home, host);
  const unseen = unfinished.filter(({ isUnseen }) => isUnseen);
  const others = unfinished.filter(
    ({ worker, lease }) => worker === 'none' && !isContinuedBy(lease, identity, host),
  );
  return [
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

function namesOf(views: readonly SessionView[]): string {
  const names = views.slice(0, SHOWN).map(({ folder }) => folder);
  const more = views.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const SHOWN = 5;

async function unfinishedSessions({ home, host }: ActionContext): Promise<SessionView[]> {
  const folders = await watchedFolders(supervisorPaths(home, host), home);
  // Another check reports a folder that cannot be read.
  const lists = await Promise.all([...folders].map((dir) => readSessionList(dir, host).catch(() => [])));
  return lists.flat().filter(isUnfinished);
}
