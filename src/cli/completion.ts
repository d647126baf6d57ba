// `millrace completion bash|zsh|fish`: a script that completes commands, flags and names that are there, by asking `millrace __complete`.

import { Argument, Command } from 'commander'
import { withoutJson } from './json-output.ts'
import { withManual } from './manual.ts'

/** The hidden command that the scripts ask; its words are those typed so far, the last of them unfinished. */
export const COMPLETE = '__complete'

// Where nothing is found the shell goes on with files.
const SCRIPTS = {
  bash: `# millrace, for bash: eval "$(millrace completion bash)"
__mr_complete() {
  local IFS=$'\\n' words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($("\${COMP_WORDS[0]}" ${COMPLETE} "\${words[@]}" 2>/dev/null))
}
complete -o default -F __mr_complete millrace
`,
  zsh: `#compdef millrace
# millrace, for zsh: eval "$(millrace completion zsh)"
__mr_complete() {
  local -a found
  found=("\${(@f)$("\${words[1]}" ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( \${#found} > 0 )) && [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef __mr_complete millrace
`,
  fish: `# millrace, for fish: millrace completion fish | source
function __mr_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] ${COMPLETE} $words[2..-1] 2>/dev/null
end
complete -c millrace -a '(__mr_complete)'
`,
} as const

const isShell = (name: string): name is keyof typeof SCRIPTS => Object.hasOwn(SCRIPTS, name)

export function completionCommand(): Command {
  const command = withoutJson(new Command('completion'), 'it prints a script.')
    .description('print a script that completes commands, flags and live names in your shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .action((shell: string) => {
      if (isShell(shell)) process.stdout.write(SCRIPTS[shell])
    })
  return withManual(command, {
    notes: `Names are those of jobs, operators, tasks, topics and groups that are there: in the folder .millrace, or where flags and variables lead.`,
    examples: [
      ['millrace completion bash >> ~/.bashrc', 'for every new bash'],
      ['millrace completion zsh > ~/.zfunc/_mill', 'for zsh, where ~/.zfunc is in fpath'],
      ['millrace completion fish > ~/.config/fish/completions/millrace.fish', 'for fish'],
    ],
  })
}
