package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// afterKill is how long a killed command may keep its output open.
const afterKill = 2 * time.Second

// runLocal runs a command on this computer. Cancel and the resource's time limit kill it and what it started.
func runLocal(o operation, arguments *arguments, command string) (output, error) {
	program := []string{"/bin/sh", "-c"}
	if len(arguments.Interpreter) > 0 {
		program = arguments.Interpreter
	}
	program = append(program[:len(program):len(program)], command)
	process := exec.CommandContext(o.limited, program[0], program[1:]...)
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Cancel = func() error { return syscall.Kill(-process.Process.Pid, syscall.SIGKILL) }
	process.WaitDelay = afterKill
	process.Env = os.Environ()
	for name, value := range arguments.Environment {
		process.Env = append(process.Env, name+"="+value)
	}
	for _, variable := range arguments.previousVariables() {
		process.Env = append(process.Env, variable.name+"="+variable.value)
	}
	if arguments.Dir != nil {
		process.Dir = *arguments.Dir
	}
	if arguments.Stdin != "" {
		process.Stdin = strings.NewReader(arguments.Stdin)
	}
	stdout, stderr, written := arguments.capture(o.log)
	process.Stdout, process.Stderr = stdout, stderr
	err := process.Run()
	written.finish()
	if err != nil {
		return output{}, fmt.Errorf("%w: running %q:\n%s", err, command, written.text())
	}
	return trimmed(written.stdout.String(), written.stderr.String()), nil
}

// capture makes the writers for a command's output streams, and what they collect.
func (a *arguments) capture(log *logger) (stdout, stderr io.Writer, written *captured) {
	written = &captured{}
	return written.stream(&written.stdout, a.logs("stdout"), log),
		written.stream(&written.stderr, a.logs("stderr"), log), written
}

type variable struct{ name, value string }

// previousVariables hold what the command wrote the last time, where there was something.
func (a *arguments) previousVariables() []variable {
	var variables []variable
	if a.passesPrevious() && a.previous.stdout != "" {
		variables = append(variables, variable{"PULUMI_COMMAND_STDOUT", a.previous.stdout})
	}
	if a.passesPrevious() && a.previous.stderr != "" {
		variables = append(variables, variable{"PULUMI_COMMAND_STDERR", a.previous.stderr})
	}
	return variables
}
