import { providerNames } from '../../agents/registry.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findCli, installedClis, providersOf } from '../../caller/refusals/agent-clis.ts';
import type { refuseUnfitAgents } from '../../caller/refusals/fit-agents.ts';
import { LIMIT_NAMES, type SessionLimits } from '../../kernel/phases/limits.ts';
import { PHASE_NAMES } from '../../kernel/phases/table.ts';
import type { Sandbox } from '../../kernel/sandbox-level.ts';
import { GIT_IDENTITY } from '../../project/git/git-variables.ts';
import { openingsOf } from '../../project/settings/openings.ts';
import { projectRows } from '../../project/settings/project-rows.ts';
import type { SettingsReading } from '../../project/settings/read-settings.ts';
import { agentSettings, cliSettings } from '../../project/settings/resolve-settings.ts';
import { settingInvalid } from '../../project/settings/setting-errors.ts';
import { isAsStrict } from '../../project/settings/setting-spec.ts';
import { keptOf, type Settings } from '../../project/settings/settings.ts';
import { branchOf } from '../../project/worktrees/branch-name.ts';
import type { FrozenSettings, SessionFile } from '../../session/events/bodies/session-file.ts';
import { frozenProving } from '../proof/frozen-proving.ts';
import { LIMIT_SETTINGS, type SessionChoices } from './start/start-choices.ts';

/** The settings stored with a session, including the path of every agent CLI it may start. */
export async function freezeSettings(
  settings: SettingsReading,
  choices: SessionChoices & Pick<SessionFile, 'folder' | 'pool'>,
  context: ActionContext,
): Promise<FrozenSettings> {
  const { values } = settings;
  const { folder, branch, base, autoApprove = false, acceptSuggestions = false, pool } = choices;
  return {
    provider: values.provider,
    providers: { ...values.providerByPhase },
    model: values.model,
    models: modelsByPhase(settings),
    ...fallbackOf(settings),
    // Each machine of a pool finds its own programs.
    cliPaths: pool
      ? await installedClis(settings, providersOf(settings), context)
      : await findClis(settings, context),
    own: cliSettings(values),
    timeLimitMs: values.timeoutSeconds * 1000,
    timeLimitsMs: timeLimits(settings),
    // Silence is reported after half of the time after which the agent is ended.
    watch: { stallMs: values.stallTimeoutSeconds * 500, stallEndMs: values.stallTimeoutSeconds * 1000 },
    ...agentChoices(values),
    mcpPath: values.mcp,
    ...sandboxOf(values, choices.sandbox),
    gates: [...values.gates],
    gateChannels: [...values.gateChannels],
    gatePeople: values.gatePeople && [...values.gatePeople],
    autoApprove,
    acceptSuggestions,
    maxRetries: values.maxRetries,
    retryDelayMs: values.retryDelaySeconds * 1000,
    retryHours: values.retryHours,
    overage: values.overage,
    ...keepOf(settings),
    maxParallel: values.maxParallel,
    checks: values.checks.map(({ command }) => command),
    setup: values.setup,
    proving: frozenProving(values),
    constraintsPath: values.constraints,
    gitIdentity: identityIn(context.env),
    branch: branch ?? branchOf(folder, values.branchPrefix),
    base,
    scenarioPath: keptOf(values).scenarioPath,
  };
}

/** Only what the project's file raises: the machine's is read before each agent. */
function keepOf({ values, readings }: SettingsReading): Pick<FrozenSettings, 'keep'> {
  const isRaised = (key: string) => readings.get(key)?.source.kind === 'project_file';
  const keep = {
    '5h': isRaised('KEEP_5H') ? values.keep5h : undefined,
    '7d': isRaised('KEEP_7D') ? values.keep7d : undefined,
  };
  return keep['5h'] === undefined && keep['7d'] === undefined ? {} : { keep };
}

/** The supervisor that continues the session has a different environment, in which its agents could not commit. */
function identityIn(env: ActionContext['env']): FrozenSettings['gitIdentity'] {
  const set = Object.entries(env).filter(([name, value]) => GIT_IDENTITY.test(name) && value);
  return set.length > 0 ? Object.fromEntries(set as [string, string][]) : undefined;
}

/** The choices that not every agent can comply with. */
export function agentChoices(values: Settings): Parameters<typeof refuseUnfitAgents>[1] {
  const { permissions, gatewayReviewed } = values;
  return {
    permissions,
    ...(gatewayReviewed === 'yes' && { gatewayReviewed: true }),
    acp: keptOf(values).acp,
    limits: limitsOf(values),
  };
}

/** Records whether the start chose a weaker sandbox, because later judges do not see the project's value. */
function sandboxOf(
  { sandbox: ofProject, ...values }: Settings,
  chosen: string | undefined,
): Pick<FrozenSettings, 'sandbox' | 'sandboxLowered' | 'openings'> {
  const sandbox = chosen?.trim() ? requireSandbox(chosen) : ofProject;
  return {
    sandbox,
    sandboxLowered: isAsStrict(projectRows().sandbox, sandbox, ofProject) ? undefined : true,
    openings: openingsOf(values),
  };
}

function requireSandbox(written: string): Sandbox {
  const { sandbox } = projectRows();
  const parsed = sandbox.parse(written);
  if (parsed === undefined)
    throw settingInvalid(sandbox, { key: sandbox.key, written, source: { kind: 'call' } });
  return parsed;
}

export function limitsOf(values: Settings): SessionLimits {
  const limits = LIMIT_NAMES.map((name) => [name, values[LIMIT_SETTINGS[name]]] as const);
  return { session: Object.fromEntries(limits.filter(([, limit]) => limit !== undefined)), phases: {} };
}

/** The phases whose model differs from the session's, by a setting of the phase or of its provider. */
function modelsByPhase(settings: SettingsReading): FrozenSettings['models'] {
  const pairs = PHASE_NAMES.map((phase) => [phase, agentSettings(settings, phase).model] as const);
  return Object.fromEntries(pairs.filter(([, model]) => model !== settings.values.model));
}

/** Covers all providers, because a resume may switch to one that the session did not start with. */
function timeLimits(settings: SettingsReading): FrozenSettings['timeLimitsMs'] {
  const pairs = providerNames()
    .map((name) => [name, agentSettings(settings, 'init', name).timeoutSeconds] as const)
    .filter(([, seconds]) => seconds !== settings.values.timeoutSeconds);
  return Object.fromEntries(pairs.map(([name, seconds]) => [name, seconds * 1000]));
}

function fallbackOf(settings: SettingsReading): Pick<FrozenSettings, 'fallback' | 'fallbackModels'> {
  const { fallback } = settings.values;
  const models = fallback.map((name) => [name, agentSettings(settings, 'init', name).model] as const);
  return { fallback: [...fallback], fallbackModels: Object.fromEntries(models) };
}

/** Finds the programs of all providers that a session may run, by name. */
async function findClis(settings: SettingsReading, context: ActionContext): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of providersOf(settings)) found[name] = await findCli(settings, name, context);
  return found;
}
