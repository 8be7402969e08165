/** Credentials that a session uses would be missing where it is brought back from a login shell. */
export const NOT_IN_LOGIN_SHELL = 'credentials_not_in_login_shell';
