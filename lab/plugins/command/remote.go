package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// run runs a command on the host of the connection. Cancel closes the connection; the resource's time limit ends the
// attempts to connect only, as in the released plugin.
func (o operation) run(arguments *arguments, command string) (output, error) {
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
	if err := setEnvironment(session, arguments.Environment, o.log); err != nil {
		return output{}, err
	}
	if arguments.Stdin != "" {
		session.Stdin = strings.NewReader(arguments.Stdin)
	}
	written := &captured{}
	session.Stdout, session.Stderr = written.stream(&written.stdout), written.stream(&written.stderr)
	err = session.Run(command)
	if o.ended.Err() != nil {
		err = o.ended.Err()
	}
	if err != nil {
		return output{}, fmt.Errorf("%w: running %q:\n%s", err, command, written.text())
	}
	return trimmed(written.stdout.String(), written.stderr.String()), nil
}

// setEnvironment sends the variables, which the host must accept.
func setEnvironment(session *ssh.Session, environment map[string]string, log *logger) error {
	for name, value := range environment {
		if err := session.Setenv(name, value); err != nil {
			log.errorMessage(fmt.Sprintf("Unable to set '%s'. The SSH server must accept the variable (AcceptEnv in its "+
				"configuration); or put it before the command: 'VAR=value command'", name))
			return fmt.Errorf("could not set environment variable %q: %w", name, err)
		}
	}
	return nil
}
