/** For every text that names Gemini CLI to people who may not be able to log in. */
export const GEMINI_ACCOUNTS = 'an API key or an enterprise licence, and no login of an individual';
