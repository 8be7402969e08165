import type { projectSettings } from './project-settings.ts';

/**
 * What a line of `.samocode` makes samocode do. A setting with a `risk` does nothing of it before a person has trusted
 * the file; any other does it at once, inside the bound that `within` names.
 */
export interface Reach {
  read?: string;
  write?: string;
  run?: string;
  send?: string;
  /**
   * folder: its path stays, after links, below the folder of the file, or the line needs trust. repository: below
   * MAIN_REPO, whoever trusts the file.
   */
  within?: 'folder' | 'repository';
}

const AMOUNT: Reach = {};
const AGENT: Reach = { send: 'the work to the vendor of this agent CLI' };

/** A row for each setting of `.samocode`: one without it does not compile. */
export const REACH: Readonly<Record<keyof ReturnType<typeof projectSettings>, Reach>> = {
  mainRepo: {
    within: 'folder',
    read: 'the repository',
    write: 'branches, worktrees and checkpoints in its git folder',
    run: 'git, without hooks; what else its own settings make git run is shown',
    send: 'its code to the agent CLI',
  },
  worktrees: { within: 'folder', read: 'worktrees', write: "the repository's files" },
  sessions: { within: 'folder', read: 'sessions', write: 'sessions and their documents' },
  provider: AGENT,
  providerByPhase: AGENT,
  fallback: AGENT,
  model: AGENT,
  modelByPhase: AGENT,
  acpCommand: { run: 'the command, as an agent', send: 'the work to it' },
  acpAsks: AMOUNT,
  acpWithoutGuard: { run: 'programs that the repository names, without the guard' },
  timeoutSeconds: AMOUNT,
  stallTimeoutSeconds: AMOUNT,
  permissions: AMOUNT,
  gatewayReviewed: AMOUNT,
  sandbox: { read: 'anything, without the guard', write: 'anything', run: 'anything', send: 'anything' },
  sandboxWrite: { write: 'the paths, by agents' },
  sandboxSockets: { run: 'what the service runs' },
  sandboxRead: { read: 'the paths, by agents' },
  sandboxHosts: { send: 'anything to the hosts, by agents' },
  sandboxEnv: { read: 'the variables, by agents' },
  sandboxPorts: { send: 'anything to the ports, by agents' },
  checks: { run: 'the command' },
  setup: { run: 'the command' },
  checkIn: { write: 'the worktree, by checks' },
  checkCopy: { within: 'repository', read: 'ignored files of MAIN_REPO', write: 'them into the clone' },
  checkHome: { read: 'the parts of home, by checks' },
  checkTimeoutSeconds: AMOUNT,
  checkFiles: { run: 'the command' },
  ports: AMOUNT,
  services: { run: 'the command' },
  ready: { run: 'the command' },
  serviceEnv: { run: 'programs with the variable' },
  servicesIn: AMOUNT,
  pages: { read: 'pages of the services' },
  picturesUpload: { send: 'pictures to the pull request' },
  constraints: { within: 'folder', read: 'the file', send: 'its text to agents' },
  mcp: { read: 'the file', run: 'its servers', send: 'the work to them' },
  gates: AMOUNT,
  gateChannels: AMOUNT,
  gatePeople: AMOUNT,
  maxCostUsd: AMOUNT,
  maxTokens: AMOUNT,
  maxHours: AMOUNT,
  maxIterations: AMOUNT,
  overage: AMOUNT,
  keep5h: AMOUNT,
  keep7d: AMOUNT,
  maxCostUsdByPhase: AMOUNT,
  maxTokensByPhase: AMOUNT,
  maxHoursByPhase: AMOUNT,
  maxIterationsByPhase: AMOUNT,
  retryHours: AMOUNT,
  maxParallel: AMOUNT,
  notify: AMOUNT,
  prWatch: { run: 'agents, on words of others' },
  prRounds: { run: 'agents, on words of others' },
  prTrust: { run: 'agents, on words of these accounts' },
  intakeLabel: { run: 'agents, on issues of others' },
  poolDays: AMOUNT,
  branchPrefix: { write: 'new branches of this name' },
};
