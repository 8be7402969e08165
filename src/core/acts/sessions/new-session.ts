import { ulid } from 'ulid';
import { isRehearsal } from '../../agents/registry.ts';
import { orThrow } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { providersOf } from '../../caller/refusals/agent-clis.ts';
import { refuseUnfitAgents } from '../../caller/refusals/fit-agents.ts';
import type { ReadyProject } from '../../caller/refusals/ready-project.ts';
import { sandboxNow } from '../../caller/refusals/sandbox-now.ts';
import { isoUtc } from '../../kernel/clock.ts';
import type { Gate } from '../../kernel/phases/table.ts';
import { isGuarded, type SandboxLevel } from '../../kernel/sandbox-level.ts';
import { runByRepository } from '../../project/git/executing-settings.ts';
import { checkoutsOf } from '../../project/proving/checkout-variables.ts';
import { closedText, ledText } from '../../sandbox/programs/environment.ts';
import type { LaunchReason } from '../../sandbox/programs/launch-worker.ts';
import { isOff, supervisorPaths, whyNoSupervisor } from '../../sandbox/programs/supervisor-folder.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { judgeStart } from '../../session/commands/judge-running.ts';
import { uncountedBoxes } from '../../session/documents/given-plan.ts';
import { FORMAT_VERSION } from '../../session/events/bodies/format.ts';
import type { TakenOver } from '../../session/events/bodies/positions.ts';
import {
  type GivenTexts,
  type GivenWork,
  printOfTexts,
  SessionFile,
  textsOf,
} from '../../session/events/bodies/session-file.ts';
import type { Channel } from '../../session/events/bodies/who-acted.ts';
import { type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import { settingsOfStart } from './settings-of-start.ts';
import type { SessionChoices } from './start/start-choices.ts';

export interface SessionRequest
  extends Pick<
      SessionFile,
      'folder' | 'task' | 'dive' | 'recurring' | 'group' | 'pool' | 'way' | 'review' | 'order' | 'startKey'
    >,
    GivenWork {
  choices: SessionChoices;
  /** If false, everything is prepared, and nothing runs until a resume. */
  run: boolean;
  /** For a folder that becomes a session: returns where it continues, given the session's gates. */
  takenOver?: ((gates: readonly Gate[]) => TakenOver) | undefined;
}

export interface NewSession {
  paths: SessionPaths;
  file: SessionFile;
  given: GivenTexts;
  start: CommandOf<'start'>;
  wake: LaunchReason | undefined;
  /** Warnings about settings without the expected effect, and about a missing guard or supervisor. */
  warnings: string[];
}

/** Determines what a new session consists of: its settings, sandbox, identity and first command. Writes nothing. */
export async function newSession(
  project: ReadyProject,
  { run, choices, takenOver, ...asked }: SessionRequest,
  context: ActionContext,
): Promise<NewSession> {
  const { clock, by } = context;
  const { mainRepo, filePath: configPath, values } = project;
  const request = { ...choices, ...asked };
  const { settings, warnings: ofFile } = await settingsOfStart(project, request, context);
  await refuseUnfitAgents([...providersOf(project)], settings, context);
  orThrow('start', judgeStart({ by }, {}, settings));
  const places = { mainRepo, worktreesDir: values.worktrees, sessionsDir: values.sessions };
  const {
    level: sandbox,
    warning,
    testedGuard,
  } = await sandboxNow({ ...places, configPath, settings, issue: asked.issue }, context);
  const gateChannels = closedToAgents(settings.gateChannels, sandbox);
  const programs = await runByRepository(mainRepo, { baseEnv: context.env }, project.gitSettings);
  const checkouts = await checkoutsOf(places, context.env);
  const at = isoUtc(clock.now());
  const given = textsOf(asked);
  const envelope = { v: FORMAT_VERSION, id: ulid(clock.now()) } as const;
  return {
    paths: sessionPaths(values.sessions, asked.folder),
    // Parsing leaves out the texts.
    file: SessionFile.parse({
      ...envelope,
      ...asked,
      texts: printOfTexts(given),
      createdAt: at,
      ...places,
      configPath,
      sandbox,
      settings: { ...settings, gateChannels },
      takenOver: takenOver?.(settings.gates),
    } satisfies SessionFile),
    given,
    wake: testedGuard === undefined ? undefined : { testedGuard },
    start: { v: FORMAT_VERSION, id: ulid(clock.now()), by, at, kind: 'start', run },
    warnings: [
      ...[warning ?? '', closedText(context.env), ledText(context.env, checkouts)].filter(Boolean),
      ...(isRehearsal(settings) ? [REHEARSAL] : []),
      ...ofFile,
      ...(await unwatched(context)),
      ...identityKept(settings),
      ...(asked.givenPlan ? uncountedBoxes(asked.givenPlan).map((line) => `${line}.`) : []),
      ...project.warnings.map(({ text }) => text),
      ...(programs === undefined ? [] : [programs]),
    ],
  };
}

const REHEARSAL =
  'A rehearsal: a script plays the agent. It does not do the task, but writes one document, in docs/rehearsal/.';

/** Without a guard, an agent can read the memory of `samocode web` and so act as the person on its page. */
function closedToAgents(channels: readonly Channel[], sandbox: SandboxLevel): Channel[] {
  const isForPersons = !channels.some((each) => each === 'tool' || each === 'file');
  return channels.filter((channel) => channel !== 'web' || !isForPersons || isGuarded(sandbox));
}

async function unwatched({ env, home, host }: ActionContext): Promise<string[]> {
  const why = isOff(env) ? undefined : await whyNoSupervisor(supervisorPaths(home, host));
  if (why === undefined) return [];
  return [
    `${why}: nothing watches the session while it waits, and no notification is sent. Make the folder writable for your user.`,
  ];
}

function identityKept({ gitIdentity }: SessionFile['settings']): string[] {
  if (gitIdentity === undefined) return [];
  const { GIT_AUTHOR_NAME: name, GIT_COMMITTER_NAME = name } = gitIdentity;
  return [
    `Commits are made as ${GIT_COMMITTER_NAME ?? 'the environment says'}: the session keeps ${Object.keys(gitIdentity).join(', ')} of this environment.`,
  ];
}
