/** What can be asked of a CLI before it is given any work; nothing here reaches its service. */
export interface Preflight {
  /** Shows the options that our command needs. */
  helpArgs: readonly string[];
  neededOptions: readonly string[];
  /** The oldest version whose behaviour was measured. */
  measured: string;
  login?: {
    args: readonly string[];
    /** Its answer is not the last word: a key or a provider of the person's own needs no login. */
    isAdvisory: boolean;
  };
  /** Without a command for it: any one of these means a login. */
  loginTraces?: LoginTraces;
  /** Exits with 0 where the CLI's own sandbox works. */
  sandboxArgs?: readonly string[];
  install: string;
  loginFix: string;
}

export interface LoginTraces {
  env: readonly string[];
  /** Names the folder that takes the place of HOME for the CLI. */
  homeVariable: string;
  /** Below its home. */
  files: readonly string[];
  /** A file below its home that is there without a login too, and where in it the chosen one stands. */
  settings: { file: string; at: readonly string[] };
}

export const PREFLIGHTS: Readonly<Record<'claude' | 'codex' | 'gemini', Preflight>> = {
  claude: {
    helpArgs: ['--help'],
    neededOptions: ['--output-format', '--settings', '--strict-mcp-config', '--session-id', '--add-dir'],
    measured: '2.1.197',
    login: { args: ['auth', 'status'], isAdvisory: false },
    install: 'npm install -g @anthropic-ai/claude-code',
    loginFix: 'Run `claude` once and log in, or set ANTHROPIC_API_KEY.',
  },
  codex: {
    helpArgs: ['exec', '--help'],
    neededOptions: ['--json', '--output-schema', '--add-dir', '--ignore-user-config', '--sandbox'],
    measured: '0.169.0',
    login: { args: ['login', 'status'], isAdvisory: true },
    sandboxArgs: ['sandbox', '--', '/bin/true'],
    install: 'npm install -g @openai/codex',
    loginFix: 'Run `codex login`; with a key or a model provider of your own no login is needed.',
  },
  gemini: {
    helpArgs: ['--help'],
    neededOptions: [
      '--output-format',
      '--session-id',
      '--include-directories',
      '--allowed-mcp-server-names',
      '--policy',
    ],
    measured: '0.61.0',
    loginTraces: {
      env: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENAI_USE_VERTEXAI', 'GOOGLE_GENAI_USE_GCA'],
      homeVariable: 'GEMINI_CLI_HOME',
      files: ['.gemini/oauth_creds.json'],
      settings: { file: '.gemini/settings.json', at: ['security', 'auth', 'selectedType'] },
    },
    install: 'npm install -g @google/gemini-cli',
    loginFix: 'Run `gemini` once and log in, or set GEMINI_API_KEY.',
  },
};

/** Of two dotted versions; text around the numbers is passed over, and what has none is never older. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => /\d+(?:\.\d+)+/.exec(text)?.[0].split('.').map(Number));
  if (a === undefined || b === undefined) return false;
  const at = b.findIndex((part, index) => part !== (a[index] ?? 0));
  return at !== -1 && (a[at] ?? 0) < (b[at] ?? 0);
}
