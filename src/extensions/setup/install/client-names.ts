/** Every chat program that samocode can be added to, without what it takes to do that. */
export const CLIENT_NAMES = [
  'claude',
  'codex',
  'gemini',
  'desktop',
  'vscode',
  'cursor',
  'copilot',
  'opencode',
  'zed',
  'windsurf',
] as const;
export type ClientName = (typeof CLIENT_NAMES)[number];
