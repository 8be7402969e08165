/** Environment variables that say who pays for a provider's calls, and where they go. */
const PAYING: Readonly<Record<string, readonly string[]>> = {
  claude: [
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_BASE_URL',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_VERTEX',
    'CLAUDE_CONFIG_DIR',
  ],
  codex: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'OPENAI_BASE_URL', 'CODEX_HOME'],
  gemini: [
    'GEMINI_API_KEY',
    'GOOGLE_API_KEY',
    'GOOGLE_GENAI_USE_VERTEXAI',
    'GOOGLE_CLOUD_PROJECT',
    'GOOGLE_GEMINI_BASE_URL',
    'GEMINI_CLI_HOME',
  ],
};

/** Names, never values, of what is set for a provider; without any of them its own login pays. */
export function credentialNames(
  provider: string,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  return (PAYING[provider] ?? []).filter((name) => env[name]);
}

/**
 * Names alone, in words: what of a provider's credentials differs from those that were recorded.
 * @returns undefined when the same ones are set
 */
export function credentialChange(
  provider: string,
  before: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const now = credentialNames(provider, env);
  const gone = before.filter((name) => !now.includes(name));
  const added = now.filter((name) => !before.includes(name));
  const parts = [
    ...(gone.length > 0 ? [`no longer set: ${gone.join(', ')}`] : []),
    ...(added.length > 0 ? [`set now: ${added.join(', ')}`] : []),
  ];
  return parts.length > 0 ? parts.join('; ') : undefined;
}

/** Names of all that is set for any provider. */
export function allCredentialNames(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(PAYING).flatMap((provider) => credentialNames(provider, env));
}
