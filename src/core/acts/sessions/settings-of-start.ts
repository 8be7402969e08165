import type { ActionContext } from '../../caller/context/context.ts';
import { LIMIT_NAMES } from '../../kernel/phases/limits.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { isTrusted } from '../../project/finding/trust.ts';
import { isSetNow } from '../../project/settings/samocode-file.ts';
import { allowedLimits, describeLowered } from '../../session/commands/judge-limits.ts';
import type { FrozenSettings } from '../../session/events/bodies/session-file.ts';
import { freezeSettings } from './freeze-settings.ts';

interface StartSettings {
  settings: FrozenSettings;
  warnings: string[];
}

/** The settings of a new session: what its call may choose, and what a file may say before a person trusts it. */
export async function settingsOfStart(
  project: Project,
  choices: Parameters<typeof freezeSettings>[1],
  context: ActionContext,
): Promise<StartSettings> {
  const frozen = await freezeSettings(project, choices, context);
  const isFileTrusted = await isTrusted(project.filePath, project.fileHash, context.home);
  // Before that, the file may not shut out the person at the terminal.
  const gateChannels = isFileTrusted
    ? frozen.gateChannels
    : [...new Set([...frozen.gateChannels, 'cli' as const])];
  const { settings, warnings } = withinFileLimits({ ...frozen, gateChannels }, project, context);
  const isSilent = !isFileTrusted && (await isSetNow(project.filePath, 'NOTIFY', 'off'));
  return { settings, warnings: [...warnings, ...(isSilent ? [silentText(project)] : [])] };
}

function silentText({ filePath }: Project): string {
  return `NOTIFY=off in ${filePath}: no notification is sent when a session of this project waits for you or is blocked. Remove the line, or trust the file in a terminal: samocode trust.`;
}

/** Where the limits of a call meet those of the file. */
function withinFileLimits(
  frozen: FrozenSettings,
  { fileLimits }: Project,
  { by }: ActionContext,
): StartSettings {
  if (fileLimits === undefined) return { settings: frozen, warnings: [] };
  const { limits: asked } = frozen;
  const ofFile = { ...frozen, limits: { session: fileLimits, phases: {} } };
  const { limits: session, lowered } = allowedLimits(asked.session, by, ofFile);
  const differs = LIMIT_NAMES.some(
    (name) => fileLimits[name] !== undefined && fileLimits[name] !== session[name],
  );
  return {
    settings: { ...frozen, limits: { ...asked, session }, ...(differs && { fileLimits }) },
    warnings: describeLowered(lowered, frozen, 'samocode start'),
  };
}
