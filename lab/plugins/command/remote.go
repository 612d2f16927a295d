package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// runRemote runs a command on the host of the connection. Cancel closes the connection; the resource's time limit
// ends the dialling alone, as in the released plugin.
func runRemote(o operation, arguments *arguments, command string) (output, error) {
	if arguments.Connection == nil {
		return output{}, errors.New("the resource has no connection")
	}
	client, err := arguments.Connection.dial(o.limited, o.log)
	if err != nil {
		return output{}, err
	}
	defer client.Close()
	stop := context.AfterFunc(o.ended, func() { _ = client.Close() })
	defer stop()
	session, err := client.NewSession()
	if err != nil {
		return output{}, err
	}
	defer session.Close()
	if err := setEnvironment(session, arguments, o.log); err != nil {
		return output{}, err
	}
	if arguments.Stdin != "" {
		session.Stdin = strings.NewReader(arguments.Stdin)
	}
	stdout, stderr, written := arguments.capture(o.log)
	session.Stdout, session.Stderr = stdout, stderr
	err = session.Run(command)
	written.finish()
	if o.ended.Err() != nil {
		err = o.ended.Err()
	}
	if err != nil {
		return output{}, fmt.Errorf("%w: running %q:\n%s", err, command, written.text())
	}
	return trimmed(written.stdout.String(), written.stderr.String()), nil
}

// setEnvironment sends the variables. The host must accept those of `environment`; that it mostly refuses the two
// with the last output is a warning only.
func setEnvironment(session *ssh.Session, arguments *arguments, log *logger) error {
	const hint = "Unable to set '%s'. The SSH server must accept the variable (AcceptEnv in its configuration); " +
		"or put it before the command: 'VAR=value command'"
	for name, value := range arguments.Environment {
		if err := session.Setenv(name, value); err != nil {
			log.errorMessage(fmt.Sprintf(hint, name))
			return fmt.Errorf("could not set environment variable %q: %w", name, err)
		}
	}
	for _, variable := range arguments.previousVariables() {
		if session.Setenv(variable.name, variable.value) != nil {
			log.warning(fmt.Sprintf(hint, variable.name))
		}
	}
	return nil
}
