import { CAP_NAMES, type CapName, type SessionCaps } from '../../phases/caps.ts';
import type { Proving } from '../../phases/proving.ts';
import { childSettings } from '../../project/settings/resolve-settings.ts';
import type { CallSettings } from '../../project/settings/settings.ts';
import type { ChosenChild } from '../../session/events/bodies/chosen-child.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import type { ActionContext } from '../acting/context.ts';
import { findProjectFor } from '../places/find-project-for.ts';
import { requireTrust } from '../places/trust-project.ts';
import { refuseWhatCannotRun } from '../preconditions/what-cannot-run.ts';
import { findCli } from './find-cli.ts';
import { frozenProving } from './freeze-settings.ts';

/**
 * Limits that a person gave, checked; undefined when none was given.
 * @throws bad_cap for what is no number, negative, or no limit that we know
 */
export function requireCaps(
  given: Readonly<Record<string, number | undefined>> | undefined,
): SessionCaps | undefined {
  const entries = Object.entries(given ?? {}).filter(([, limit]) => limit !== undefined);
  if (entries.length === 0) return undefined;
  for (const [name, limit] of entries) {
    if (!CAP_NAMES.includes(name as CapName)) throw badCap(name, 'there is no such limit');
    if (typeof limit !== 'number' || !Number.isFinite(limit)) throw badCap(name, 'it is not a number');
    if (limit < 0) throw badCap(name, 'it is negative');
  }
  return { session: Object.fromEntries(entries), phases: {} };
}

function badCap(name: string, why: string) {
  return ACTION_ERRORS.bad_cap({ name, why, known: CAP_NAMES });
}

/**
 * The checks of the project as they are now, where a session that is resumed should be held to them: it is
 * blocked by those that it had, or gets new work.
 * @returns undefined when those that it has go on counting
 * @throws project_not_trusted when they have changed and are not trusted yet; the errors of settings
 */
export async function checksNow(
  { sessionFile, state }: SessionView,
  goal: string | undefined,
  context: ActionContext,
): Promise<{ checks: string[]; proving: Proving } | undefined> {
  const isBlockedByThem = state.status.kind === 'blocked' && ABOUT_CHECKS.has(state.status.rule);
  if (!sessionFile || (!isBlockedByThem && goal === undefined)) return undefined;
  const project = await findProjectFor({ projectDir: sessionFile.configPath }, context);
  const now = {
    checks: project.values.checks.map(({ command }) => command),
    proving: frozenProving(project.values),
  };
  const { settings } = sessionFile;
  const before = { checks: state.checks ?? settings.checks, proving: state.proving ?? settings.proving };
  if (JSON.stringify(now) === JSON.stringify(before)) return undefined;
  await requireTrust(project, context);
  return now;
}

const ABOUT_CHECKS = new Set(['checks', 'base_checks', 'false_done']);

/** The words of a call that wants other children, judged with every other setting. */
interface ChildWish {
  provider?: string | undefined;
  model?: string | undefined;
}

/** The same as settings of a call. */
export function childSettingsOf({ provider, model }: ChildWish): CallSettings {
  return { provider: provider?.trim() || undefined, model: model?.trim() || undefined };
}

/**
 * The children that a person wants from now on, with their CLI found.
 * @returns undefined when no other ones are wanted
 * @throws the errors of settings, cli_not_found, root_refused
 */
export async function chooseChildren(
  wish: ChildWish,
  { configPath, settings }: SessionFile,
  context: ActionContext,
): Promise<ChosenChild | undefined> {
  const call = childSettingsOf(wish);
  if (call.provider === undefined && call.model === undefined) return undefined;
  const project = await findProjectFor({ projectDir: configPath, call }, context);
  const { provider, model } = project.values;
  if (call.provider === undefined) return { model };
  refuseWhatCannotRun({ provider, providers: {}, permissions: settings.permissions }, context);
  const chosen = childSettings(project, 'init', provider);
  const ofCall = call.model === undefined ? chosen.model : model;
  return { provider, model: ofCall, cliPath: await findCli(project, provider, context) };
}
