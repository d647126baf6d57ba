// What a bundle for Lambda has in place of tables in a folder.

/** Not called: the table is opened first. */
export const waitsIn = sqliteTable

/** Called where MILLRACE_DIR is set. */
export function sqliteTable(folder: string): never {
  throw new Error(
    `MILLRACE_DIR is set (${folder}), and this function was bundled for Lambda, without tables in a folder. Unset it there; on a ` +
      'machine run the function by `millrace dev` or `millrace run`.',
  )
}
