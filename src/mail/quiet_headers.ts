/** Keeps vacation responders quiet: by RFC 3834 §5, and Outlook and Exchange, which know their own only. */
export const QUIET_HEADERS = {
  "Auto-Submitted": "auto-generated",
  "X-Auto-Response-Suppress": "All",
} as const;
