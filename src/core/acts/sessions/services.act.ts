import { sendAndAwait } from '../../caller/commands/await-command.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { listed } from '../../kernel/text.ts';
import { readSession } from '../../session/folder/read-session.ts';
import { heldServices, type ServicesNow, servicesOfWorker } from '../../session/folder/services-now.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import { readEvents } from '../../session/log/event-log.ts';

export interface SetServicesInput extends SessionQuestion {
  want: 'up' | 'down';
  /** Returns once they are ready or have failed, or have ended; otherwise once the worker has the command. */
  waits?: boolean;
}

/** @param services as the worker last saw them; absent before the first has begun to start, and once all have ended */
export interface SetServicesResult extends Acted {
  services?: ServicesNow | undefined;
}

/** Starts the services of a resting session's application for a person, or ends them. */
export async function setServices(
  { want, waits = false, ...question }: SetServicesInput,
  context: ActionContext,
): Promise<SetServicesResult> {
  const found = await findSession({ ...question, isAct: true }, context);
  const isUp = found.state.servicesUp !== undefined && found.worker === 'alive';
  if (want === 'down' && found.state.servicesUp === undefined)
    return { view: found, done: 'No services were up for a person.' };
  const sentAtMs = isUp && want === 'up' ? 0 : context.clock.now();
  const view =
    sentAtMs === 0
      ? found
      : (await sendAndAwait(found, { kind: 'services', want }, ['services_wanted'], context)).view;
  const { after, services } = waits
    ? await untilSettled(view, { want, sentAtMs }, context)
    : { after: view, services: await heldServices(view) };
  const why = want === 'up' && after.state.servicesUp === undefined ? await whyDown(after, view) : undefined;
  return { view: after, services, done: doneText(after, { want, now: services, why }) };
}

/** Why services ended that a person has just asked for. */
async function whyDown({ paths }: SessionView, { state }: SessionView): Promise<string | undefined> {
  const wanted = (await readEvents(paths, state.n)).filter((event) => event.type === 'services_wanted');
  return wanted.at(-1)?.why;
}

const POLL_MS = 100;

/** The worker limits how long each service may take, so this lasts as long as the worker does. */
async function untilSettled(
  view: SessionView,
  { want, sentAtMs }: { want: 'up' | 'down'; sentAtMs: number },
  { clock, host }: ActionContext,
): Promise<{ after: SessionView; services: ServicesNow | undefined }> {
  for (let after = view; ; await clock.sleep(POLL_MS)) {
    after = (await readSession(view.paths, host, clock)) ?? after;
    const now = await servicesOfWorker(after);
    // An older file is from an agent's services.
    const services = now && (want === 'down' || Date.parse(now.at) >= sentAtMs) ? now : undefined;
    const isOver = after.worker !== 'alive' || (want === 'up' && after.state.servicesUp === undefined);
    if (isOver || (services && hasSettled(services, want))) return { after, services };
  }
}

function hasSettled({ services }: ServicesNow, want: 'up' | 'down'): boolean {
  if (want === 'down') return services.every(({ state }) => state === 'failed' || state === 'ended');
  return services.every(({ state }) => state !== 'starting');
}

function doneText(
  { folder }: SessionView,
  { want, now, why }: { want: 'up' | 'down'; now: ServicesNow | undefined; why: string | undefined },
): string {
  if (want === 'down') return 'The services end; their data is kept.';
  const services = now?.services ?? [];
  const failed = services.filter(({ state }) => state === 'failed' || state === 'ended');
  if (failed.length > 0) {
    const names = failed.map(({ name, said }) => (said === undefined ? name : `${name} (${said})`));
    return `Not every service runs: ${listed(names, 10)}. Their last lines: samocode services ${handleOf(folder)} logs`;
  }
  if (why !== undefined) return `${why.replace(/\.$/, '')}.`;
  const isReady = services.length > 0 && services.every(({ state }) => state === 'ready');
  const where = isReady && now?.url !== undefined ? `The application is at ${now.url}. ` : '';
  const verb = isReady ? 'run' : 'start';
  return `${where}The services ${verb} until "samocode services ${handleOf(folder)} down", until the session continues, or for 4 hours.`;
}
