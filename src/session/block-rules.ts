/** The agent would run with less protection than the session began with. */
export const SANDBOX_LOWER = 'sandbox_lower';
