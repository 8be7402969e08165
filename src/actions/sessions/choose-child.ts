import { childSettings } from '../../project/settings/resolve-settings.ts';
import type { CallSettings } from '../../project/settings/settings.ts';
import type { ChosenChild } from '../../session/events/chosen-child.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { ActionContext } from '../acting/context.ts';
import { findProjectFor } from '../places/find-project-for.ts';
import { refuseWhatCannotRun } from '../preconditions/what-cannot-run.ts';
import { findCli } from './freeze-settings.ts';

/** The words of a call that wants other children, judged with every other setting. */
export interface ChildWish {
  provider?: string | undefined;
  model?: string | undefined;
}

/** The same as settings of a call. */
export function childSettingsOf({ provider, model }: ChildWish): CallSettings {
  return {
    ...(provider?.trim() && { provider: provider.trim() }),
    ...(model?.trim() && { model: model.trim() }),
  };
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
