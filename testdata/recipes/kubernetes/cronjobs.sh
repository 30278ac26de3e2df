while IFS=, read -r org host users capacity || [ "$org" ]; do
    # acme,acme.okta.com,0-500,90
    sed "s/@ORG@/$org/g; s/@HOST@/$host/g; s/@USERS@/$users/g
         s/@CAPACITY@/$capacity/g" cronjob.yaml
    echo ---
done <orgs.csv | kubectl apply -f -
