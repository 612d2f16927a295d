mkdir www && echo 'homelab-check '\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' >www/index.html
httpd -p 8081 -h /check/www
exec httpd -f -p 8080 -h /check/www
